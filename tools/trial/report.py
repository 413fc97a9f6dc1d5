# SPDX-License-Identifier: GPL-2.0
"""The report: text and JSON."""
import json

from .metrics import primary
from .stats import LEVEL, RESAMPLES, blocks_needed, buckets

BAR = 24                # characters of the longest bar of a histogram
OTHERS = 0.05           # share of segments of other programs that is worth a note
SMALL = 0.01            # share of a figure below which a difference hardly matters
LATE = 0.01             # s that the probe may be late itself


def figure(value):
    """A number with about four digits."""
    size = abs(value)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    return f'{value:,.{digits}f}'


def signed(value):
    return ('+' if value > 0 else '') + figure(value)


def outcome(comparison, names):
    """A difference in words."""
    if not comparison['shown']:
        return 'no difference shown'
    if abs(comparison['difference']) < SMALL * abs(comparison['first']):
        return 'differs by less than 1 %'
    if not comparison['direction']:
        return 'differs'
    better = comparison['difference'] * comparison['direction'] > 0
    return f'{names[1]} is better' if better else f'{names[1]} is worse'


def interval_of(comparison):
    if comparison['blocks'] < 2:
        return 'unknown'
    return f'{signed(comparison["low"])} to {signed(comparison["high"])}'


def verdict(comparisons, names, blocks):
    """The answer, in a sentence or two."""
    main = primary(comparisons)
    if not main:
        return 'Nothing was measured that the two could be compared by.'
    what = f'{main["name"].replace(", mean", "")} time, mean' if 'mean' in main['name'] \
        else main['name']
    unit = f' {main["unit"]}' if main['unit'] else ''
    interval = (f'{signed(main["difference"])}{unit}, 95 % interval {interval_of(main)}, '
                f'p = {main["p"]:.3f}')
    if main['shown']:
        share = 100 * abs(main['difference']) / main['first'] if main['first'] else 0
        word = 'more' if main['difference'] > 0 else 'less'
        return (f'A difference is shown. {what}: {share:.0f} % {word} with {names[1]} than with '
                f'{names[0]} ({interval}).')
    text = f'No difference is shown. {what}: {interval}.'
    if blocks < blocks_needed():
        text += f' It takes --blocks {blocks_needed()} to show one.'
    return text


def table(comparisons, names):
    rows = [('', names[0], names[1], 'difference', '95 % interval', 'p', '')]
    for c in comparisons:
        name = c['name'] + (f', {c["unit"]}' if c['unit'] else '')
        rows.append((name, figure(c['first']), figure(c['second']), signed(c['difference']),
                     interval_of(c), f'{c["p"]:.3f}', outcome(c, names)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [row[i].rjust(widths[i]) for i in range(1, 6)]
        yield ('  '.join(cells) + '  ' + row[6]).rstrip()


def latencies(slices, name):
    """All latencies of both labels, in s."""
    return [[value for s in slices if s['label'] == label and s['probe']
             for value in s['probe'][name]] for label in (0, 1)]


def histogram(slices, name, names):
    """Lines: a bucket each, on a logarithmic scale, with the count of both TCPs."""
    counts = [buckets(values) for values in latencies(slices, name)]
    used = sorted(set(counts[0]) | set(counts[1]))
    if not used:
        return
    most = max(max(c.values(), default=0) for c in counts)
    yield f'{name[:-1]} latency, requests'
    yield f'{"from ms":>10}  {names[0]:<{BAR + 7}} {names[1]}'
    for at in range(used[0], used[-1] + 1):
        line = f'{figure(1000 * 10 ** (at / 6)):>10} '
        for c in counts:
            count = c.get(at, 0)
            bar = '#' * round(BAR * count / most) or ('.' if count else '')
            line += f' {count:>6} {bar:<{BAR}}'
        yield line.rstrip()


def notes(trial, slices):
    """What the reader has to know about the figures."""
    own = sum(s['own']['OutSegs'] for s in slices if s['stack'] == 'xtcp')
    other = sum(s['other']['OutSegs'] for s in slices if s['stack'] == 'xtcp')
    if own and other > OTHERS * own:
        yield ('Counters and bytes are those of the whole network namespace. While the service '
               f"was on XTCP, other programs sent {other} segments over the kernel's TCP, the "
               f'service {own}: they count for the kernel\'s TCP.'
               + ('' if trial['via'] or not trial['probe'] else
                  ' The probe is one of them; with --via it runs elsewhere.'))
    late = [s['probe']['late'] for s in slices if s['probe']]
    if late and max(late) > LATE:
        yield (f'The probe itself was late, by {1000 * max(late):.0f} ms (p99 of one slice): '
               'its host is too slow for this --rate.')
    if any(s['sockets']['refused'] for s in slices):
        yield 'TCP_INFO was not sampled: the kernel shows these sockets to root only.'
    reasons = {}
    for s in slices:
        for why, count in (s['probe']['failed'] if s['probe'] else {}).items():
            key = (s['label'], why)
            reasons[key] = reasons.get(key, 0) + count
    for (label, why), count in sorted(reasons.items()):
        yield f'{count} requests failed with {trial["names"][label]}: {why}.'
    yield ('CPU is the time of the processes of the service, in user and system mode; what '
           'interrupts (softirq) use is not counted.')
    yield (f'Interval: bootstrap over blocks, {RESAMPLES} resamples, seed {trial["seed"]}. p: '
           f'sign-flip test over blocks. Shown: p <= {LEVEL}, and 0 is outside the interval. The '
           'verdict is about one row; of twenty others one differs by chance.')


def text(trial, slices, comparisons):
    """The report as a string."""
    names = trial['names']
    lines = [
        f'{trial["service"]}: {trial["blocks"]} blocks of 4 slices of {trial["slice"]:g} s, '
        f'{names[0]}, {names[1]}, {names[1]}, {names[0]}',
        f'Linux {trial["release"]}, XTCP {trial["xtcp"]}, {trial["date"]}',
    ]
    if trial['probe']:
        counts = [len(values) for values in latencies(slices, 'handshakes')]
        lines.append(f'probe: {trial["probe"]}{trial["path"] or ", connections only"}, '
                     f'{trial["rate"]:g} per s, {counts[0]} + {counts[1]} handshakes'
                     + (f', by {trial["via"]}' if trial['via'] else ', on this host'))
    lines += ['', verdict(comparisons, names, trial['blocks']), '']
    lines += table(comparisons, names)
    for name in 'handshakes', 'responses':
        drawn = list(histogram(slices, name, names))
        lines += [''] + drawn if drawn else []
    lines.append('')
    lines += notes(trial, slices)
    return '\n'.join(lines) + '\n'


def write_json(path, trial, slices, comparisons):
    """All that was measured; times in s, rates in the units of the report."""
    with open(path, 'w', encoding='utf-8') as file:
        json.dump({'trial': trial, 'comparisons': comparisons,
                   'verdict': verdict(comparisons, trial['names'], trial['blocks']),
                   'slices': slices}, file, indent=1)
        file.write('\n')
