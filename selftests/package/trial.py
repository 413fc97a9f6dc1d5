# SPDX-License-Identifier: GPL-2.0
"""
Tests of xtcp_trial without XTCP: its statistics on known samples, its probe, and a trial
of the kernel's TCP against itself. selftests/package/guest has the rest.
"""
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from contextlib import redirect_stdout

TOOLS = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../tools')
sys.dont_write_bytecode = True
sys.path.insert(0, TOOLS)

from trial import metrics, probe, report, stats  # noqa: E402

SERVER = '''
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
while True:
    sock = listener.accept()[0]
    sock.recv(1000)
    sock.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello")
    sock.close()
'''


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as sock:
        return sock.getsockname()[1]


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(('127.0.0.1', port)) == 0


class Statistics(unittest.TestCase):
    def test_quantiles(self):
        self.assertEqual(stats.quantile([4, 1, 3, 2], 0.5), 2.5)
        self.assertEqual(stats.quantile(range(101), 0.99), 99)
        self.assertEqual(stats.quantile([7], 0.99), 7)

    def test_sign_flip(self):
        p = stats.Comparer(1).p_value
        self.assertEqual(p([1, 2, 3, 4, 5, 6]), 2 / 64)
        self.assertEqual(p([1, 1, 1, 1, 1]), 2 / 32)
        self.assertEqual(p([1, -1]), 1)
        self.assertLess(p([1.0] * 20), 0.001)
        self.assertEqual(stats.blocks_needed(), 6)

    def test_difference(self):
        pairs = [(10 + i, 8 + i + (i % 2) / 10) for i in range(6)]
        found = stats.Comparer(1).compare(pairs)
        self.assertTrue(found['shown'])
        self.assertAlmostEqual(found['difference'], -1.95)
        self.assertTrue(-2 <= found['low'] < -1.95 < found['high'] <= -1.9)
        self.assertEqual(found, stats.Comparer(1).compare(pairs))
        # Five blocks are too few, however clear they are.
        self.assertFalse(stats.Comparer(1).compare(pairs[:5])['shown'])

    def test_no_difference(self):
        noise = [(5, 5 + d) for d in (0.3, -0.2, 0.1, -0.3, 0.2, -0.05)]
        self.assertFalse(stats.Comparer(1).compare(noise)['shown'])
        self.assertEqual(stats.Comparer(1).compare([(0, 0)] * 6)['p'], 1)

    def test_chance(self):
        """Of trials without a difference not more than LEVEL show one."""
        import random
        rng = random.Random(5)
        shown = 0
        for _ in range(300):
            pairs = [(rng.gauss(9, 1), rng.gauss(9, 1)) for _ in range(6)]
            shown += stats.Comparer(1).compare(pairs)['shown']
        self.assertLessEqual(shown, 300 * stats.LEVEL)

    def test_buckets(self):
        self.assertEqual(stats.buckets([1, 1.1, 10, 0.001], 6), {0: 2, 6: 1, -18: 1})

    def test_verdict(self):
        """Slices as a trial makes them: twice the retransmissions, slower responses."""
        slices = []
        for block in range(6):
            for label in (0, 1, 1, 0):
                own = dict.fromkeys(('PassiveOpens', 'TCPTimeouts', 'OutSegs'), 0)
                own.update(TCPOrigDataSent=960 + block, RetransSegs=40 - 20 * label)
                slices.append({
                    'block': block, 'label': label, 'own': own, 'seconds': 10.0, 'cpu': 0.5,
                    'ip_out': 10 ** 7, 'ip_in': 10 ** 6,
                    'sockets': {'sending': 0, 'recovering': 0, 'delivery': []},
                    'probe': {'handshakes': [0.02] * 50, 'rates': [10 ** 6] * 50,
                              'responses': [0.1 - 0.04 * label + block / 1000] * 50,
                              'failed': {}, 'sent': 50}})
        found = {c['key']: c for c in metrics.compare_all(slices, 1)}
        self.assertAlmostEqual(found['response_p99']['difference'], -40)
        self.assertAlmostEqual(found['retransmitted']['first'], 100 * 40 / 1002.5, 3)
        self.assertTrue(found['retransmitted']['shown'])
        self.assertFalse(found['handshake_p50']['shown'])
        self.assertNotIn('recovering', found)
        text = report.verdict(list(found.values()), ('A', 'B'), 6)
        self.assertIn('A difference is shown. response time, mean: 39 % less with B than with A',
                      text)


class Server(threading.Thread):
    """Answers requests, one by one, and stalls once for 0.5 s."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.answer = answer
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        self.stall = 10

    def run(self):
        while True:
            sock = self.listener.accept()[0]
            self.stall -= 1
            if not self.stall:
                time.sleep(0.5)
            sock.recv(1000)
            for part in self.answer:
                sock.sendall(part)
            # The client ends the connection, as long as it sees the end of the answer.
            sock.recv(1)
            sock.close()


def run_probe(port, **more):
    options = {'host': '127.0.0.1', 'port': port, 'path': '/', 'rate': 50, 'seconds': 1,
               'timeout': 5}
    options.update(more)
    out = io.StringIO()
    with redirect_stdout(out):
        probe.main(options)
    return json.loads(out.getvalue())


class Probe(unittest.TestCase):
    def test_stall(self):
        """The requests that were due during a stall show it, too."""
        server = Server([b'HTTP/1.1 200 OK\r\nContent-Le', b'ngth: 3\r\n\r\na', b'bc'])
        server.start()
        found = run_probe(server.port)
        self.assertEqual(len(found['responses']), 50)
        self.assertEqual(found['failed'], {})
        self.assertLess(found['late'], 0.4)
        self.assertGreater(max(found['responses']), 0.45)
        self.assertGreater(sum(t > 0.1 for t in found['responses']), 15)

    def test_chunked(self):
        server = Server([b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
                         b'0\r\n\r\n'])
        server.start()
        found = run_probe(server.port, seconds=0.1)
        self.assertEqual((len(found['responses']), found['failed']), (5, {}))

    def test_failures(self):
        server = Server([b'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'])
        server.start()
        found = run_probe(server.port, seconds=0.1)
        self.assertEqual((found['responses'], found['failed']), ([], {'status 404': 5}))
        self.assertEqual(run_probe(free_port(), seconds=0.1)['failed'], {'ECONNREFUSED': 5})

    def test_timeout(self):
        """A request that times out counts with the time that it took."""
        server = Server([b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na'])
        server.start()
        found = run_probe(server.port, seconds=0.02, timeout=0.3)
        self.assertEqual(found['failed'], {'timed out': 1})
        self.assertGreaterEqual(found['responses'][0], 0.3)


class Trial(unittest.TestCase):
    def setUp(self):
        self.port = free_port()
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def start(self, *options, command=None):
        command = command or [sys.executable, '-c', SERVER, str(self.port)]
        return subprocess.Popen(
            [os.path.join(TOOLS, 'xtcp_trial'), '--control', *options, '--', *command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def probed(self, *options):
        return ('--probe', f'127.0.0.1:{self.port}', '--http', '/', '--settle', '0', *options)

    def fails(self, sentence, *options, command=None):
        trial = self.start(*options, command=command)
        said = trial.communicate(timeout=300)[1]
        self.assertEqual(trial.returncode, 1, said)
        self.assertIn(sentence, said)
        self.assertNotIn('Traceback', said)

    def test_control(self):
        results, picture = (os.path.join(self.dir.name, name) for name in ('json', 'svg'))
        trial = self.start(*self.probed('--blocks', '1', '--slice', '0.5', '--rate', '40',
                                        '--json', results, '--svg', picture))
        text, said = trial.communicate(timeout=300)
        self.assertEqual(trial.returncode, 0, said)
        self.assertIn('No difference is shown.', text)
        self.assertIn('has been stopped', said)
        with open(results, encoding='utf-8') as file:
            found = json.load(file)
        self.assertEqual([s['label'] for s in found['slices']], [0, 1, 1, 0])
        for s in found['slices']:
            self.assertEqual(len(s['probe']['responses']), 20)
            # The probe's, and those that other programs of this host accept.
            self.assertGreaterEqual(s['own']['PassiveOpens'], 20)
        with open(picture, encoding='utf-8') as file:
            self.assertTrue(file.read().endswith('</svg>\n'))
        self.assertFalse(listens(self.port))

    def test_interrupted(self):
        for number in signal.SIGINT, signal.SIGTERM:
            trial = self.start(*self.probed('--slice', '1000'))
            while not listens(self.port):
                self.assertIsNone(trial.poll())
                time.sleep(0.05)
            trial.send_signal(number)
            said = trial.communicate(timeout=300)[1]
            self.assertEqual(trial.returncode, 128 + number, said)
            self.assertIn('has been stopped', said)
            self.assertFalse(listens(self.port))

    def test_errors(self):
        self.fails('ended by itself', *self.probed(), command=['true'])
        self.fails('there is no program', command=['/nonexistent/program'])
        self.fails('No such file or directory', '--json', '/nonexistent/file')
        self.fails('ECONNREFUSED', '--probe', f'127.0.0.1:{free_port()}', '--slice', '0.1')
        self.fails('has failed: no way', *self.probed('--via', "sh -c 'echo no way >&2; false'"))


if __name__ == '__main__':
    unittest.main()
