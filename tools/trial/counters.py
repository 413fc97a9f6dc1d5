# SPDX-License-Identifier: GPL-2.0
"""What the kernel and XTCP count for a whole network namespace."""
import time

from .service import KERNEL

# Counters of both TCPs, by the names that they share (Documentation/counters.rst).
NAMES = ('RetransSegs', 'OutSegs', 'TCPOrigDataSent', 'TCPTimeouts', 'TCPSpuriousRTOs',
         'TCPLossProbes', 'TCPFastRetrans', 'PassiveOpens')


def read_pairs(path):
    """Counters of a file like /proc/net/snmp, in pairs of lines: names above values."""
    found = {}
    try:
        with open(path, encoding='ascii') as file:
            lines = file.read().splitlines()
    except OSError:
        return found
    for names, values in zip(lines[::2], lines[1::2]):
        group = names.split(':', 1)[0]
        for name, value in zip(names.split()[1:], values.split()[1:]):
            if group not in ('Ip', 'Icmp', 'IcmpMsg', 'Udp', 'UdpLite'):
                found[name] = int(value)
    return found


def read_ip6(path):
    """Bytes of IPv6 received and sent."""
    found = {'Ip6InOctets': 0, 'Ip6OutOctets': 0}
    try:
        with open(path, encoding='ascii') as file:
            for line in file:
                name, value = line.split()
                if name in found:
                    found[name] = int(value)
    except OSError:
        pass
    return found


def snapshot(service):
    """
    The counters of both TCPs in the network namespace of the service, its CPU time in s,
    and the time in s.
    """
    pids = service.pids()
    net = f'/proc/{pids[0]}/net' if pids else '/proc/net'
    kernel = read_pairs(f'{net}/snmp')
    kernel.update(read_pairs(f'{net}/netstat'))
    kernel.update(read_ip6(f'{net}/snmp6'))
    xtcp = read_pairs(f'{net}/xtcp_stat')
    return {
        'kernel': {name: kernel.get(name, 0) for name in NAMES},
        'xtcp': {name: xtcp.get(name, 0) for name in NAMES},
        'ip_out': kernel.get('OutOctets', 0) + kernel['Ip6OutOctets'],
        'ip_in': kernel.get('InOctets', 0) + kernel['Ip6InOctets'],
        'cpu': service.cpu_seconds(),
        'time': time.monotonic(),
    }


def difference(before, after, stack):
    """What one slice has counted; "other" is of the TCP that the service was not on."""
    other = 'xtcp' if stack == KERNEL else 'kernel'
    return {
        'seconds': after['time'] - before['time'],
        'cpu': after['cpu'] - before['cpu'],
        'ip_out': after['ip_out'] - before['ip_out'],
        'ip_in': after['ip_in'] - before['ip_in'],
        'own': {name: after[stack][name] - before[stack][name] for name in NAMES},
        'other': {name: after[other][name] - before[other][name] for name in NAMES},
    }
