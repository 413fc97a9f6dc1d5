# SPDX-License-Identifier: GPL-2.0
"""
TCP_INFO of the connections of a service, sampled. A descriptor is borrowed with
pidfd_getfd(2) for the time of one getsockopt(2), over either TCP.
"""
import ctypes
import os
import random
import socket
import struct

from .service import socket_inodes, table

PIDFD_GETFD = 438       # the number of the system call, on every architecture
SOCKETS_MAX = 200       # asked at each sample, drawn at random if there are more
STATES = ('01', '04', '08', '09', '0B')     # those in which data may be in flight
TCP_INFO = 'BBBBBBBB24I4Q6IQ'               # struct tcp_info up to tcpi_delivery_rate
CA_RECOVERY, CA_LOSS = 3, 4                 # enum tcp_ca_state

libc = ctypes.CDLL(None, use_errno=True)


def tcp_info(pidfd, fd):
    """The fields of TCP_INFO of a file descriptor of another process, or None."""
    own = libc.syscall(PIDFD_GETFD, pidfd, fd, 0)
    if own < 0:
        return None
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, own) as sock:
            own = -1
            raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    except OSError:
        return None
    finally:
        if own >= 0:
            os.close(own)
    size = struct.calcsize(TCP_INFO)
    return struct.unpack(TCP_INFO, raw[:size]) if len(raw) >= size else None


class Sampler:
    """Counts of samples of connections, over one slice."""

    def __init__(self, service, stack):
        self.service = service
        self.stack = stack
        self.rng = random.Random(0)
        self.refused = False        # the kernel does not show the sockets to this user
        self.sending = 0            # samples with data in flight
        self.recovering = 0         # of these, with losses being repaired
        self.rtt = []               # us, smoothed
        self.delivery = []          # bytes/s

    def sample(self):
        pids = self.service.pids()
        if not pids:
            return
        wanted = {inode for state, inode in table(pids[0], self.stack) if state in STATES}
        if not wanted:
            return
        for pid in pids:
            fds = [fd for inode, fd in socket_inodes(pid).items() if inode in wanted]
            if len(fds) > SOCKETS_MAX:
                fds = self.rng.sample(fds, SOCKETS_MAX)
            self._ask(pid, fds)

    def _ask(self, pid, fds):
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            return
        try:
            for fd in fds:
                info = tcp_info(pidfd, fd)
                if info:
                    self._add(info)
                elif ctypes.get_errno() in (1, 13):
                    self.refused = True
        finally:
            os.close(pidfd)

    def _add(self, info):
        # Eight bytes precede the words: state, ca_state, ...
        words = info[8:32]
        unacked, rtt = words[4], words[15]
        if rtt:
            self.rtt.append(rtt)
        if not unacked:
            return
        self.sending += 1
        self.recovering += info[1] in (CA_RECOVERY, CA_LOSS)
        if info[-1]:
            self.delivery.append(info[-1])

    def result(self):
        return {'refused': self.refused, 'sending': self.sending,
                'recovering': self.recovering, 'rtt': self.rtt, 'delivery': self.delivery}
