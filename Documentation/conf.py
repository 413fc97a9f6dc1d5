# SPDX-License-Identifier: GPL-2.0
#
# The book: "make docs" builds it with Sphinx into out/docs.

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

project = 'XTCP'
author = 'the authors of XTCP'
copyright = 'the authors of XTCP, GPL-2.0'
language = 'en'

extensions = ['source', 'knobs']
exclude_patterns = ['man']
# Literal blocks are commands, C and output of tests: no language fits all of them.
highlight_language = 'none'
smartquotes = False

html_theme = 'alabaster'
html_theme_options = {
    'description': 'a second TCP for Linux, as a module',
    'fixed_sidebar': True,
    'page_width': '70em',
}
html_sidebars = {'**': ['about.html', 'navigation.html', 'searchbox.html']}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
