# SPDX-License-Identifier: GPL-2.0
"""
The probe of xtcp_trial(1): opens connections over the kernel's TCP at a constant rate,
whatever the server does, and prints what it has measured as JSON.

This file is a program of its own: xtcp_trial feeds it to a Python, perhaps on another
host, followed by a call of main().

All times count from the moment at which a request was due, not from that at which it
was sent: a stall of the server or of the probe shows in each request that it delays.
"""
import errno
import json
import selectors
import socket
import sys
import time

CONNECTING = (errno.EINPROGRESS, errno.EAGAIN)
MOST_OPEN = 900         # connections at once: below the usual limit of 1024 files


class Request:
    """One connection: opened, perhaps asked for a page, and closed."""

    def __init__(self, due, sock):
        self.due = due              # s, of the clock time.monotonic()
        self.sock = sock
        self.connected = None       # s, the same clock
        self.head = b''             # of the answer, up to the empty line
        self.body = None            # bytes still to come; None: not known yet
        self.chunked = False        # ends with an empty chunk
        self.tail = b''             # the last five bytes
        self.received = 0           # bytes, with the head

    def finished(self, data):
        """Take bytes of the answer. Return: whether it is complete."""
        self.received += len(data)
        if not data:
            return True
        if self.body is None:
            self.head += data
            end = self.head.find(b'\r\n\r\n')
            if end < 0:
                return False
            self.body = float('inf')
            for line in self.head[:end].split(b'\r\n')[1:]:
                name, _, value = line.partition(b':')
                if name.lower() == b'content-length':
                    self.body = int(value)
                elif name.lower() == b'transfer-encoding':
                    self.chunked = True
            data = self.head[end + 4:]
        self.body -= len(data)
        self.tail = (self.tail + data)[-5:]
        return self.body <= 0 or self.chunked and self.tail == b'0\r\n\r\n'


class Probe:
    """Sends requests, and collects what became of them."""

    def __init__(self, address, family, options):
        self.address = address
        self.family = family
        self.options = options
        self.selector = selectors.DefaultSelector()
        self.open = {}              # Request by due time, oldest first
        self.handshakes = []        # s
        self.responses = []         # s
        self.rates = []             # bit/s, from the handshake to the last byte
        self.late = []              # s, from due to the call of connect()
        self.failed = {}            # count by error
        self.bytes = 0

    def fail(self, why):
        self.failed[why] = self.failed.get(why, 0) + 1

    def close(self, request):
        self.selector.unregister(request.sock)
        request.sock.close()
        del self.open[request.due]

    def start(self, due):
        self.late.append(time.monotonic() - due)
        if len(self.open) >= MOST_OPEN:
            self.fail('too many connections are open')
            return
        sock = socket.socket(self.family, socket.SOCK_STREAM)
        sock.setblocking(False)
        code = sock.connect_ex(self.address)
        if code and code not in CONNECTING:
            sock.close()
            self.fail(errno.errorcode.get(code, str(code)))
            return
        self.open[due] = Request(due, sock)
        self.selector.register(sock, selectors.EVENT_WRITE, self.open[due])

    def connected(self, request, now):
        code = request.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self.fail(errno.errorcode.get(code, str(code)))
            self.close(request)
            return
        request.connected = now
        self.handshakes.append(now - request.due)
        if not self.options['path']:
            self.close(request)
            return
        request.sock.send(self.options['request'].encode())
        self.selector.modify(request.sock, selectors.EVENT_READ, request)

    def readable(self, request, now):
        try:
            data = request.sock.recv(1 << 18)
            if not request.finished(data):
                return
        except (OSError, ValueError) as error:
            self.fail(errno.errorcode.get(getattr(error, 'errno', None), 'not HTTP'))
            self.close(request)
            return
        status = request.head.split(b'\r\n', 1)[0].split(b' ')
        if len(status) < 2 or not status[1].startswith(b'2'):
            self.fail('status ' + status[1].decode('ascii', 'replace')
                      if len(status) > 1 else 'no answer')
        elif not data and request.body != float('inf'):
            self.fail('the answer ended early')
        else:
            self.responses.append(now - request.due)
            self.rates.append(8 * request.received / max(now - request.connected, 1e-6))
            self.bytes += request.received
        self.close(request)

    def expire(self, now):
        """
        End requests that take too long. They count with the time that they took: left
        out, the slowest would make a TCP faster.
        """
        while self.open:
            request = next(iter(self.open.values()))
            took = now - request.due
            if took < self.options['timeout']:
                return
            self.fail('timed out')
            if request.connected is None:
                self.handshakes.append(took)
            if self.options['path']:
                self.responses.append(took)
            self.close(request)

    def run(self):
        interval = 1 / self.options['rate']
        count = max(1, round(self.options['seconds'] * self.options['rate']))
        start = time.monotonic() + 0.02
        sent = 0
        while sent < count or self.open:
            now = time.monotonic()
            while sent < count and start + sent * interval <= now:
                self.start(start + sent * interval)
                sent += 1
            self.expire(now)
            until = now + 0.1
            if sent < count:
                until = min(until, start + sent * interval)
            for key, _ in self.selector.select(max(0, until - time.monotonic())):
                now = time.monotonic()
                if key.data.connected is None:
                    self.connected(key.data, now)
                else:
                    self.readable(key.data, now)
        return time.monotonic() - start


def main(options):
    """
    options: host, port, path (or None: only connect), rate (requests per s), seconds,
    timeout (s for each request). Prints a line of JSON; "error" in it is a sentence.
    """
    try:
        found = socket.getaddrinfo(options['host'], options['port'], 0, socket.SOCK_STREAM)
    except OSError as error:
        print(json.dumps({'error': f'{options["host"]}: {error.strerror}'}))
        return
    name = options['host']
    if ':' in name:
        name = f'[{name}]'
    options['request'] = (f'GET {options["path"]} HTTP/1.1\r\nHost: {name}:{options["port"]}\r\n'
                          'User-Agent: xtcp_trial\r\nAccept: */*\r\n\r\n')
    probe = Probe(found[0][4], found[0][0], options)
    took = probe.run()
    json.dump({
        'seconds': took,
        'handshakes': [round(t, 6) for t in probe.handshakes],
        'responses': [round(t, 6) for t in probe.responses],
        'rates': [round(r) for r in probe.rates],
        'late': round(sorted(probe.late)[len(probe.late) * 99 // 100], 6),
        'failed': probe.failed,
        'bytes': probe.bytes,
    }, sys.stdout)
