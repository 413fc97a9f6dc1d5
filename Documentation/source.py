# SPDX-License-Identifier: GPL-2.0
"""What a page says of the source is read from the source when the book is built.

    :fn:`src/core/rack.c xtcp_rack_detect`
        becomes "xtcp_rack_detect() (src/core/rack.c:129)"

    .. source:: src/core/rack.c xtcp_rack_detect
    .. source:: include/xtcp/tcb.h struct xtcp_sent
        shows the definition with the comment before it and its line numbers

A name that is not there is a warning, and "make docs" fails. So is a function
xtcp_...() or a file of C that a page or one of its pictures merely mentions.
"""
import functools
import os
import re

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.directives.code import container_wrapper
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

log = logging.getLogger(__name__)
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def find(path, name):
    """First line, line of the name and last line of a definition, from 0; all lines."""
    with open(os.path.join(TREE, path)) as file:
        lines = file.read().split('\n')
    begin = re.compile(rf'{name} {{$' if ' ' in name else rf'[a-z].*\b{name}\(')
    for at, line in enumerate(lines):
        if not begin.match(line):
            continue
        head = next(i for i in range(at, len(lines)) if lines[i][-1:] in ('{', ';'))
        if lines[head][-1] == ';':
            continue  # a declaration
        last = next(i for i in range(at, len(lines)) if lines[i][:1] == '}')
        first = at
        if lines[at - 1] == ' */':
            first = next(i for i in range(at, 0, -1) if lines[i].startswith('/*'))
        elif lines[at - 1].startswith('/*') and lines[at - 1].endswith('*/'):
            first = at - 1
        return first, at, last, lines
    raise ValueError(f'{path} does not define {name}')


class Function(SphinxRole):
    """:fn:`FILE NAME`"""
    def run(self):
        try:
            path, name = self.text.split()
            line = find(path, name)[1] + 1
        except (OSError, ValueError) as error:
            message = self.inliner.reporter.warning(str(error), line=self.lineno)
            return [], [message]
        return [nodes.literal('', name + '()'), nodes.Text(' ('),
                nodes.literal('', f'{path}:{line}'), nodes.Text(')')], []


class Source(Directive):
    """.. source:: FILE NAME"""
    required_arguments = 2
    final_argument_whitespace = True

    def run(self):
        path, name = self.arguments
        try:
            first, at, last, lines = find(path, name)
        except (OSError, ValueError) as error:
            return [self.state.document.reporter.warning(str(error), line=self.lineno)]
        self.state.document.settings.env.note_dependency(os.path.join(TREE, path))
        text = '\n'.join(lines[first:last + 1]).expandtabs(8)
        block = nodes.literal_block(text, text, language='c', linenos=True,
                                    highlight_args={'linenostart': first + 1})
        return [container_wrapper(self, block, f'{path}:{at + 1}')]


@functools.cache
def sources():
    """Every word xtcp_... of the sources, and every file by each end of its path."""
    words, files = set(), set()
    for top in 'src', 'include', 'tools', 'selftests':
        for folder, _, names in os.walk(os.path.join(TREE, top)):
            for name in names:
                if not name.endswith(('.c', '.h')):
                    continue
                with open(os.path.join(folder, name)) as file:
                    words.update(re.findall(r'\bxtcp_\w+', file.read()))
                parts = os.path.relpath(os.path.join(folder, name), TREE).split(os.sep)
                files.update('/'.join(parts[i:]) for i in range(len(parts)))
    return words, files


def check_names(app, page, source):
    words, files = sources()
    texts = {page: source[0]}
    for picture in re.findall(r'image:: (.*\.svg)', source[0]):
        with open(os.path.join(app.srcdir, os.path.dirname(page), picture)) as file:
            texts[picture] = file.read()
    for where, text in texts.items():
        gone = [name + '()' for name in re.findall(r'\b(xtcp_\w+)\(\)', text)
                if name not in words]
        gone += [name for name in re.findall(r'(?<![\w*./<-])[a-z0-9_/]+\.[ch]\b', text)
                 if name not in files]
        for name in gone:
            log.warning('%s: there is no %s', where, name, location=page)


def keep_tabs(app, doctree):
    """What is copied out of the book into a script or a C file has its tabs again."""
    for block in doctree.findall(nodes.literal_block):
        if block.get('linenos'):
            continue
        text = re.sub('^(?: {8})+', lambda spaces: '\t' * (len(spaces[0]) // 8),
                      block.astext(), flags=re.M)
        block.rawsource = text
        block[:] = [nodes.Text(text)]


def setup(app):
    app.connect('source-read', check_names)
    app.connect('doctree-read', keep_tabs)
    app.add_role('fn', Function())
    app.add_directive('source', Source)
    return {'parallel_read_safe': True}
