# SPDX-License-Identifier: GPL-2.0
"""Holds the ranges and defaults of sysctl.rst against src/ctl/sysctl.c and open.c.

A range or a default that differs is a warning, and "make docs" fails. Defaults are
compared where the engine has them (xtcp_params_init()) as a number.
"""
import os
import re

from sphinx.util import logging

log = logging.getLogger(__name__)
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMITS = {'U8_MAX': 2**8 - 1, 'U16_MAX': 2**16 - 1, 'U32_MAX': 2**32 - 1,
          'INT_MAX': 2**31 - 1, 'true': 1, 'false': 0}


def read(path):
    with open(os.path.join(TREE, path)) as file:
        return file.read()


def number(text, source=''):
    """What a C expression or a cell of the table says; None where it is no number."""
    text = text.strip()
    define = re.search(rf'#define {re.escape(text)}\s+(.*?)(?:\s*/\*.*)?$', source, re.M)
    text = re.sub(r'\b[A-Z][A-Z0-9_]+\b|\btrue\b|\bfalse\b',
                  lambda name: str(LIMITS.get(name[0], name[0])),
                  define[1] if define else text)
    text = re.sub(r'(\d)(UL*|ll|L+)\b', r'\1', text.replace('^', '**'))
    if not re.fullmatch(r'[\dxa-f\s+*/()-]+', text):
        return None
    return int(eval(text))


def rows(source):
    """Name, least, most, default in the units of the knob; None: not known."""
    params = dict(re.findall(r'par->(\w+) = ([^;]+);', read('src/core/open.c')))
    table = source[source.index('xtcp_knob_rows[] = {'):]
    for name, least, rest in re.findall(
            r'^\t\{ "(\w+)",\s*([^,]+),((?:.|\n)*?)\},\n', table, re.M):
        if 'TEXT(' in least:
            continue
        most = rest.split(',')[0].strip()
        field = re.search(r'PAR\((\w+)\)', rest)
        scale = re.search(r'\.scale = (\d+)', rest)
        default = number(params.get(field[1], '')) if field else None
        if default is not None and scale:
            default //= int(scale[1])
        elif default is not None and 'SWITCH' not in most:
            default = None
        yield name, most == 'U8_MAX_SWITCH', number(least, source), \
            number(most, source), default


def check(app, page, text):
    if page != 'sysctl':
        return
    source = read('src/ctl/sysctl.c') + read('src/ctl/knob.h') + read('include/xtcp/sock.h')
    said, at = {}, []
    for line in text[0].split('\n'):
        if line.startswith('===') and ' ' in line:
            at = [edge.start() for edge in re.finditer('=+', line)]
        cells = [line[a:b].strip() for a, b in zip(at, at[1:])]
        if line.startswith('``') and cells:
            said[cells[0].strip('`')] = cells
    compared = 0
    for name, switch, least, most, default in rows(source):
        if name not in said:
            continue
        span, written = said[name][1], number(said[name][2])
        if switch:
            good = span == 'switch'
        else:
            ends = [number(end) for end in span.split('..')]
            good = None in (least, most) or None in ends or ends == [least, most]
            compared += None not in (least, most)
        if not good:
            log.warning('%s: %s is not the range %s .. %s', name, span, least, most,
                        location=page)
        if not switch and None not in (written, default) and written != default:
            log.warning('%s: the default is %s', name, default, location=page)
    if compared < 30:
        log.warning('only %s ranges of src/ctl/sysctl.c could be read', compared,
                    location=page)


def setup(app):
    app.connect('source-read', check)
    return {'parallel_read_safe': True}
