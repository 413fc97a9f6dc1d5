# SPDX-License-Identifier: GPL-2.0
"""What is compared: a value for each block and TCP, made of the slices of both."""
from .stats import Comparer, mean, quantile

LEAST_REQUESTS = 10     # of a block, for a quantile
LEAST_SAMPLES = 20      # of a block, for a share of samples
LEAST_SEGMENTS = 100    # of a block, for a share of segments


def _probe(slices, name):
    values = [v for s in slices if s['probe'] for v in s['probe'][name]]
    return values if len(values) >= LEAST_REQUESTS else None


def _ms(slices, name, function):
    values = _probe(slices, name)
    return 1000 * function(values) if values else None


def _handshake(function):
    return lambda slices: _ms(slices, 'handshakes', function)


def _response(function):
    return lambda slices: _ms(slices, 'responses', function)


def _at(q):
    return lambda values: quantile(values, q)


def _rate(slices):
    values = _probe(slices, 'rates')
    return quantile(values, 0.5) / 1e6 if values else None


def _failed(slices):
    if not slices[0]['probe']:
        return None
    failed = sum(sum(s['probe']['failed'].values()) for s in slices)
    sent = sum(s['probe']['sent'] for s in slices)
    return 100 * failed / sent if sent else None


def _own(slices, name):
    return sum(s['own'][name] for s in slices)


def _data_segments(slices):
    return _own(slices, 'TCPOrigDataSent') + _own(slices, 'RetransSegs')


def _retransmitted(slices):
    segments = _data_segments(slices)
    return 100 * _own(slices, 'RetransSegs') / segments if segments >= LEAST_SEGMENTS else None


def _timeouts(slices):
    segments = _data_segments(slices)
    return 1e4 * _own(slices, 'TCPTimeouts') / segments if segments >= LEAST_SEGMENTS else None


def _recovering(slices):
    sending = sum(s['sockets']['sending'] for s in slices)
    recovering = sum(s['sockets']['recovering'] for s in slices)
    return 100 * recovering / sending if sending >= LEAST_SAMPLES else None


def _delivery(slices):
    values = [v for s in slices for v in s['sockets']['delivery']]
    return 8 * quantile(values, 0.5) / 1e6 if len(values) >= LEAST_SAMPLES else None


def _sent(slices):
    return 8 * sum(s['ip_out'] for s in slices) / sum(s['seconds'] for s in slices) / 1e6


def _cpu(slices):
    sent = sum(s['ip_out'] + s['ip_in'] for s in slices)
    cpu = sum(s['cpu'] for s in slices)
    # Of a short slice the kernel may not have counted any.
    return 1e9 * cpu / sent if sent and cpu else None


def _accepted(slices):
    return _own(slices, 'PassiveOpens') / sum(s['seconds'] for s in slices)


# Key, name, unit, which way is better (-1: less, 1: more, 0: neither), function. The
# verdict is about the first of PRIMARY that was measured.
METRICS = (
    ('handshake_mean', 'handshake, mean', 'ms', -1, _handshake(mean)),
    ('handshake_p50', 'handshake, median', 'ms', -1, _handshake(_at(0.5))),
    ('handshake_p99', 'handshake, p99', 'ms', -1, _handshake(_at(0.99))),
    ('response_mean', 'response, mean', 'ms', -1, _response(mean)),
    ('response_p50', 'response, median', 'ms', -1, _response(_at(0.5))),
    ('response_p99', 'response, p99', 'ms', -1, _response(_at(0.99))),
    ('response_rate', 'rate of a response, median', 'Mbit/s', 1, _rate),
    ('failed', 'failed requests', '%', -1, _failed),
    ('retransmitted', 'retransmitted segments', '%', -1, _retransmitted),
    ('timeouts', 'timeouts per 10,000 segments', '', -1, _timeouts),
    ('recovering', 'sending time in recovery', '%', -1, _recovering),
    ('delivery_rate', 'delivery rate, median', 'Mbit/s', 1, _delivery),
    ('sent', 'sent by the host', 'Mbit/s', 0, _sent),
    ('cpu', 'CPU of the service per byte', 'ns', -1, _cpu),
    ('accepted', 'connections accepted per s', '', 0, _accepted),
)
PRIMARY = ('response_mean', 'handshake_mean', 'recovering', 'retransmitted')


def compare_all(slices, seed):
    """
    Compare the slices of label 0 with those of label 1, block by block. Return: a list
    of comparisons, each with key, name, unit and direction; without what was not
    measured in each block.
    """
    comparer = Comparer(seed)
    blocks = sorted({s['block'] for s in slices})
    found = []
    for key, name, unit, direction, function in METRICS:
        pairs = []
        for block in blocks:
            pair = [function([s for s in slices if s['block'] == block and s['label'] == label])
                    for label in (0, 1)]
            if None not in pair:
                pairs.append(pair)
        if len(pairs) < len(blocks):
            continue
        result = comparer.compare(pairs)
        result.update(key=key, name=name, unit=unit, direction=direction, pairs=pairs)
        found.append(result)
    return found


def primary(comparisons):
    """The comparison that the verdict is about, or None."""
    by_key = {c['key']: c for c in comparisons}
    return next((by_key[key] for key in PRIMARY if key in by_key), None)
