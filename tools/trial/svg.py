# SPDX-License-Identifier: GPL-2.0
"""The report as one picture: histograms, and the differences with their intervals."""
import math
from html import escape

from .report import figure, latencies, outcome, signed, verdict
from .stats import buckets

WIDTH = 760
LEFT, RIGHT = 70, 740           # of a histogram, in px
HEIGHT = 150
COLOURS = ('#b45f06', '#1f6fb2')
PER_DECADE = 6


class Picture:
    def __init__(self):
        self.parts = []

    def text(self, x, y, text, anchor='start', extra=''):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>'
                          f'{escape(text)}</text>')

    def line(self, x1, y1, x2, y2, colour='#999'):
        self.parts.append(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}"/>')

    def steps(self, points, colour):
        path = 'M' + 'L'.join(f'{x:.1f} {y:.1f}' for x, y in points)
        self.parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')

    def done(self, height):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
                f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">\n'
                f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
                + '\n'.join(self.parts) + '\n</svg>\n')


def histogram(picture, top, slices, name):
    """Requests by latency, both axes logarithmic: the tail is what differs."""
    counts = [buckets(values, PER_DECADE) for values in latencies(slices, name)]
    used = sorted(set(counts[0]) | set(counts[1]))
    if not used:
        return top
    first, last = used[0], used[-1] + 1
    most = max(max(c.values(), default=1) for c in counts)
    height = math.log10(max(most, 9) + 1)

    def across(at):
        return LEFT + (RIGHT - LEFT) * (at - first) / (last - first)

    def down(count):
        return top + 20 + HEIGHT * (1 - math.log10(count + 1) / height)

    picture.text(LEFT, top + 12, f'{name[:-1]} latency: requests, by ms')
    picture.line(LEFT, down(0), RIGHT, down(0))
    for power in range(math.ceil(height)):
        picture.line(LEFT, down(10 ** power), RIGHT, down(10 ** power), '#ddd')
        picture.text(LEFT - 6, down(10 ** power) + 4, str(10 ** power), 'end')
    step = max(1, (last - first) // 10)
    for at in range(first, last + 1, step):
        picture.text(across(at), top + HEIGHT + 36, figure(1000 * 10 ** (at / PER_DECADE)),
                     'middle')
    for c, colour in zip(counts, COLOURS):
        points = [(across(first), down(0))]
        for at in range(first, last):
            points += [(across(at), down(c.get(at, 0))), (across(at + 1), down(c.get(at, 0)))]
        picture.steps(points + [(across(last), down(0))], colour)
    return top + HEIGHT + 56


def differences(picture, top, comparisons, names):
    """A row for each metric: its difference and interval, in % of the first TCP."""
    rows = [c for c in comparisons if c['first']]
    bounds = [100 * abs(c[end] / c['first']) for c in rows for end in ('low', 'high')]
    limit = min(max(bounds, default=1) or 1, 200)
    middle, half = 400, 130

    def across(share):
        return middle + half * max(-1, min(1, share / limit))

    picture.text(LEFT - 60, top + 12, f'{names[1]} against {names[0]}: difference in %, '
                 '95 % interval')
    picture.line(middle, top + 20, middle, top + 26 + 20 * len(rows))
    for at, c in enumerate(rows):
        y = top + 34 + 20 * at
        low, high, share = (100 * c[k] / c['first'] for k in ('low', 'high', 'difference'))
        colour = COLOURS[1] if c['shown'] else '#777'
        picture.text(10, y + 4, c['name'])
        picture.line(across(low), y, across(high), y, colour)
        picture.parts.append(f'<circle cx="{across(share):.1f}" cy="{y}" r="3.5" '
                             f'fill="{colour}"/>')
        picture.text(545, y + 4, f'{signed(share)} %: {outcome(c, names)}')
    return top + 40 + 20 * len(rows)


def wrapped(text, width=110):
    line = ''
    for word in text.split():
        if len(line) + len(word) >= width:
            yield line
            line = ''
        line += (' ' if line else '') + word
    yield line


def write(path, trial, slices, comparisons):
    names = trial['names']
    picture = Picture()
    picture.text(10, 22, f'{trial["service"]}: {names[0]} and {names[1]}',
                 extra=' font-size="16"')
    for at, name in enumerate(names):
        picture.text(RIGHT, 18 + 16 * at, name, 'end', f' fill="{COLOURS[at]}"')
    top = 46
    for line in wrapped(verdict(comparisons, names, trial['blocks'])):
        picture.text(10, top, line)
        top += 16
    top += 8
    for name in 'handshakes', 'responses':
        top = histogram(picture, top, slices, name)
    top = differences(picture, top, comparisons, names)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(picture.done(top + 10))
