# SPDX-License-Identifier: GPL-2.0
"""Mutants of a C file: small changes, one at a time, like typical mistakes. Works
on tokens: comments, strings and preprocessor lines stay as they are; bodies of
#define count as code.

	relational	< <= > >= == !=, and seq_lt() to seq_ge(): off by one, negated
	arithmetic	+ -, << >>, & |, ++ --, += -=, min max
	logical		&& ||, ! removed
	constant	a number plus one, minus one
	condition	if (...) negated
	statement	removed: assignments, calls, return and break inside a block
"""
import re

TOKEN = re.compile(r'''
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<skip>^[ \t]*\#[ \t]*(?:include|if|ifdef|ifndef|else|elif|endif|undef)\b[^\n]*)
  | (?P<define>^[ \t]*\#[ \t]*define[ \t]+\w+(?:\([^)]*\))?)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>\b(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<op>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=?:;,.(){}\[\]])
  | (?P<line>\\?\n)
''', re.X | re.M | re.S)

SWAPS = {
    '<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'],
    '==': ['!='], '!=': ['=='],
    '&&': ['||'], '||': ['&&'],
    '+=': ['-='], '-=': ['+='], '|=': ['='], '&=': ['='],
    '++': ['--'], '--': ['++'], '<<=': ['>>='], '>>=': ['<<='],
}
# Only between two operands; otherwise they are signs, addresses, pointers.
BINARY = {'+': ['-'], '-': ['+'], '<<': ['>>'], '>>': ['<<'], '&': ['|'], '|': ['&'],
          '/': ['*'], '%': ['/']}
NAMES = {
    'seq_lt': ['seq_le', 'seq_ge'], 'seq_le': ['seq_lt', 'seq_gt'],
    'seq_gt': ['seq_ge', 'seq_le'], 'seq_ge': ['seq_gt', 'seq_lt'],
    'min': ['max'], 'max': ['min'], 'min_t': ['max_t'], 'max_t': ['min_t'],
    'seq_min': ['seq_max'], 'seq_max': ['seq_min'], 'true': ['false'], 'false': ['true'],
}
KIND = {}
for _op in ('<', '<=', '>', '>=', '==', '!=', 'seq_lt', 'seq_le', 'seq_gt', 'seq_ge'):
    KIND[_op] = 'relational'
for _op in ('&&', '||', '!', 'true', 'false'):
    KIND[_op] = 'logical'

TYPES = set('''void bool char int long short unsigned signed u8 u16 u32 u64 s8 s16 s32
    s64 size_t struct enum union const static inline extern typedef'''.split())
NOT_DROPPED = TYPES | set('''if else for while do switch case default goto return break
    continue XTCP_ASSERT BUILD_BUG_ON fallthrough'''.split())


class Token:
    def __init__(self, kind, text, pos):
        self.kind, self.text, self.pos = kind, text, pos


class Mutant:
    """The file with [start, end) replaced by text."""

    def __init__(self, path, source, kind, start, end, text):
        self.path, self.kind = path, kind
        self.start, self.end, self.text = start, end, text
        self.line = source.count('\n', 0, start) + 1
        first = source.rfind('\n', 0, start) + 1
        last = source.find('\n', end)
        before, after = source[first:last], source[first:start] + text + source[end:last]
        self.old, self.new = ' '.join(before.split()), ' '.join(after.split())
        # The line above distinguishes identical lines.
        above = source.rfind('\n', 0, max(first - 1, 0)) + 1
        self.above = ' '.join(source[above:max(first - 1, 0)].split())

    def apply(self, source):
        return source[:self.start] + self.text + source[self.end:]

    def is_one_of(self, known):
        """known: file, line above or None, line, broken line"""
        return (self.path, self.above, self.old, self.new) in known or \
            (self.path, None, self.old, self.new) in known


def tokens(source):
    found, define = [], False
    for match in TOKEN.finditer(source):
        kind, text = match.lastgroup, match.group()
        if kind == 'line':
            if define and not text.startswith('\\'):
                found.append(Token('end', ';', match.start()))
                define = False
        elif kind not in ('comment', 'skip'):
            define = define or kind == 'define'
            found.append(Token(kind, text, match.start()))
    return found


def closing(toks, i):
    """Index of the parenthesis that closes the one at i."""
    depth = 0
    for j in range(i, len(toks)):
        depth += toks[j].text == '('
        depth -= toks[j].text == ')'
        if not depth:
            return j
    return len(toks) - 1


def opening(toks, i):
    depth = 0
    for j in range(i, -1, -1):
        depth += toks[j].text == ')'
        depth -= toks[j].text == '('
        if not depth:
            return j
    return 0


def operand_before(toks, i):
    tok = toks[i - 1]
    return tok.kind == 'number' or tok.text in (')', ']') or \
        (tok.kind == 'name' and tok.text not in ('return', 'case', 'else'))


def is_cast(toks, i):
    """Is the parenthesis that ends before i a cast, as in (u32)-1?"""
    return toks[i - 1].text == ')' and toks[i - 2].text in TYPES


def numbers(text):
    digits = text.rstrip('uUlL')
    suffix = text[len(digits):]
    value = int(digits, 0)
    form = '0x%x' if digits.lower().startswith('0x') else '%d'
    for other in (value + 1, value - 1):
        if other >= 0:
            yield form % other + suffix


def exchanges(toks, i):
    """Replacements for the token."""
    tok = toks[i]
    if tok.kind == 'number':
        return list(numbers(tok.text))
    if tok.kind == 'name':
        return NAMES.get(tok.text, [])
    if tok.text == '!':
        return ['']
    if tok.text in BINARY:
        return BINARY[tok.text] if i and operand_before(toks, i) and \
            not is_cast(toks, i) else []
    return SWAPS.get(tok.text, []) if tok.kind == 'op' else []


def operators(path, source, toks):
    """Mutants with an operator, name or number replaced, or a condition negated."""
    asserted = -1
    for i, tok in enumerate(toks):
        # Skip assertions: a weaker one changes nothing.
        if tok.text in ('XTCP_ASSERT', 'BUILD_BUG_ON'):
            asserted = closing(toks, i + 1)
        if i <= asserted:
            continue
        kind = 'constant' if tok.kind == 'number' else KIND.get(tok.text, 'arithmetic')
        for other in exchanges(toks, i):
            yield Mutant(path, source, kind, tok.pos, tok.pos + len(tok.text), other)
        if tok.text == 'if' and toks[i + 1].text == '(':
            first, last = toks[i + 1].pos, toks[closing(toks, i + 1)].pos
            yield Mutant(path, source, 'condition', first, last + 1,
                         '(!' + source[first:last + 1] + ')')


def begins_statement(toks, i):
    prev = toks[i - 1]
    if prev.text in (';', '{', '}', 'else', 'do'):
        return True
    if prev.text == ':':
        return any(t.text in ('case', 'default') for t in toks[max(0, i - 4):i])
    return prev.text == ')' and \
        toks[opening(toks, i - 1) - 1].text in ('if', 'while', 'for')


def is_declaration(toks, i):
    return toks[i].text in TYPES or \
        (toks[i].kind == 'name' and toks[i + 1].kind == 'name')


def statements(path, source, toks):
    depth = 0
    for i, tok in enumerate(toks):
        depth += tok.text == '{'
        depth -= tok.text == '}'
        if not depth or not i or not begins_statement(toks, i):
            continue
        if tok.kind != 'name' and tok.text not in ('*', '++', '--', '('):
            continue
        jumps = tok.text in ('return', 'break', 'continue')
        if (tok.text in NOT_DROPPED and not jumps) or is_declaration(toks, i):
            continue
        # Skip jumps at the end of a function or as the whole body of a loop.
        if jumps and depth == 1 and toks[i - 1].text in (';', '{', '}'):
            continue
        j = i
        while j < len(toks) and toks[j].text not in (';', '{', '}', ':'):
            j += 1
        if j < len(toks) and toks[j].text == ';':
            yield Mutant(path, source, 'statement', tok.pos, toks[j].pos, '')


def mutants(path, source):
    toks = tokens(source)
    found = list(operators(path, source, toks)) + list(statements(path, source, toks))
    return sorted(found, key=lambda m: (m.start, m.end, m.text))
