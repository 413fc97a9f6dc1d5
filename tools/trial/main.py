# SPDX-License-Identifier: GPL-2.0
"""The command line of xtcp_trial(1), and the course of a trial."""
import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time

from . import counters, report, svg
from .errors import Interrupted, TrialError, catch_signals, ignore_signals, uninterrupted
from .metrics import compare_all
from .sampler import Sampler
from .service import KERNEL, XTCP, Command, Unit, find_xtcp_run, need_module
from .stats import blocks_needed

ORDER = (0, 1, 1, 0)    # labels of the slices of a block
SAMPLE_S = 0.1          # between two samples of TCP_INFO, at least
SAMPLE_SHARE = 20       # of its time that goes into them, at most: one in so many


def say(text):
    try:
        print(f'xtcp_trial: {text}', file=sys.stderr, flush=True)
    except OSError:
        # The terminal has gone; what has to be done is done all the same.
        pass


def positive(text):
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def host_port(text):
    host, _, port = text.rpartition(':')
    host = host.strip('[]')
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f'{text} is not HOST:PORT')
    return host, int(port)


def parse(argv):
    parser = argparse.ArgumentParser(
        prog='xtcp_trial', usage='xtcp_trial [OPTION...] UNIT | -- COMMAND [ARGUMENT...]',
        description="Moves a service between the kernel's TCP and XTCP, in turns, and prints "
        'what differs. See xtcp_trial(1).')
    parser.add_argument('--probe', metavar='HOST:PORT', type=host_port,
                        help='open connections to it at a constant rate')
    parser.add_argument('--http', metavar='/PATH', help='and ask each for this page')
    parser.add_argument('--rate', metavar='N', type=positive, default=20,
                        help='connections per second (20)')
    parser.add_argument('--timeout', metavar='S', type=positive, default=30,
                        help='seconds until a request counts as failed (30)')
    parser.add_argument('--via', metavar='COMMAND', default='',
                        help="runs the probe elsewhere: 'ssh HOST'")
    parser.add_argument('--blocks', metavar='N', type=int, default=blocks_needed(),
                        help=f'blocks of four slices ({blocks_needed()}, the fewest that can '
                        'show a difference)')
    parser.add_argument('--slice', metavar='S', type=positive, default=20,
                        help='seconds of a slice (20)')
    parser.add_argument('--settle', metavar='S', type=float, default=2,
                        help='seconds after a start that do not count (2)')
    parser.add_argument('--control', action='store_true',
                        help="both are the kernel's TCP: there must be no difference")
    parser.add_argument('--seed', metavar='N', type=int, default=1, help='of the intervals (1)')
    parser.add_argument('--json', metavar='FILE', help='writes all figures')
    parser.add_argument('--svg', metavar='FILE', help='writes a picture')
    parser.add_argument('service', nargs='+', metavar='UNIT | -- COMMAND [ARGUMENT...]')
    is_command = '--' in argv
    args = parser.parse_args(argv)
    if not is_command and len(args.service) != 1:
        parser.error('name one unit, or a command behind --')
    if args.http and not args.probe:
        parser.error('--http takes --probe')
    if args.http and not args.http.startswith('/'):
        parser.error('a path begins with /')
    if args.via and not args.probe:
        parser.error('--via takes --probe')
    if args.blocks < 1 or args.settle < 0:
        parser.error('--blocks is at least 1, and --settle at least 0')
    return args, is_command


class Prober:
    """One run of probe.py, by itself or by --via."""

    def __init__(self, args, seconds):
        with open(os.path.join(os.path.dirname(__file__), 'probe.py'), encoding='utf-8') as file:
            program = file.read()
        options = {'host': args.probe[0], 'port': args.probe[1], 'path': args.http,
                   'rate': args.rate, 'seconds': seconds, 'timeout': args.timeout}
        argv = shlex.split(args.via) + ['python3'] if args.via else [sys.executable]
        self.name = args.via or 'the probe'
        self.files = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        source = tempfile.TemporaryFile()
        source.write(f'{program}\nmain({options!r})\n'.encode())
        source.seek(0)
        try:
            with uninterrupted():
                self.process = subprocess.Popen(
                    argv + ['-'], stdin=source, stdout=self.files[0], stderr=self.files[1],
                    start_new_session=True)
        except OSError as error:
            raise TrialError(f'{argv[0]}: {error.strerror}') from None

    def running(self):
        return self.process.poll() is None

    def stop(self):
        if self.running():
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()

    def result(self):
        said = []
        for file in self.files:
            file.seek(0)
            said.append(file.read().decode('utf-8', 'replace'))
        try:
            found = json.loads(said[0])
        except ValueError:
            why = said[1].strip().rsplit('\n', 1)[-1] or 'it printed nothing'
            raise TrialError(f'{self.name} has failed: {why}') from None
        if 'error' in found:
            raise TrialError(f'the probe: {found["error"]}')
        return found


class Trial:
    """A trial: its slices, and what was measured in each."""

    def __init__(self, args, service):
        self.args = args
        self.service = service
        self.stacks = (KERNEL, KERNEL if args.control else XTCP)
        self.names = ("kernel's TCP", "kernel's TCP again" if args.control else 'XTCP')
        self.slices = []

    def observe(self, stack):
        """Measure the service for one slice."""
        sampler = Sampler(self.service, stack)
        before = counters.snapshot(self.service)
        end = time.monotonic() + self.args.slice
        prober = Prober(self.args, self.args.slice) if self.args.probe else None
        try:
            while prober.running() if prober else time.monotonic() < end:
                start = time.monotonic()
                sampler.sample()
                pause = max(SAMPLE_S, SAMPLE_SHARE * (time.monotonic() - start))
                time.sleep(min(pause, max(SAMPLE_S, end - time.monotonic())))
        finally:
            if prober:
                prober.stop()
        self.service.check_alive()
        found = counters.difference(before, counters.snapshot(self.service), stack)
        found['sockets'] = sampler.result()
        found['probe'] = prober.result() if prober else None
        if found['probe']:
            found['probe']['sent'] = max(1, round(self.args.slice * self.args.rate))
        return found

    def run(self):
        for block in range(self.args.blocks):
            for label in ORDER:
                stack = self.stacks[label]
                say(f'block {block + 1} of {self.args.blocks}: {self.names[label]}')
                self.service.start_on(stack)
                time.sleep(self.args.settle)
                found = self.observe(stack)
                found.update(block=block, label=label, stack=stack)
                self.check(found)
                self.slices.append(found)

    def check(self, found):
        """Raise TrialError if the slice has measured nothing."""
        if found['probe'] and not found['probe']['handshakes']:
            why = ', '.join(found['probe']['failed'])
            raise TrialError(f'no connection of the probe to {self.args.probe[0]} port '
                             f'{self.args.probe[1]} succeeded: {why}')
        if self.args.http and not found['probe']['responses']:
            why = ', '.join(found['probe']['failed'])
            raise TrialError(f'no request for {self.args.http} succeeded: {why}')
        if not found['probe'] and not found['own']['OutSegs']:
            raise TrialError('nothing was measured: the service had no traffic in this slice; '
                             '--probe makes some')

    def facts(self):
        """What the report says of the trial."""
        probe = self.args.probe
        version = '/sys/module/xtcp/version'
        return {
            'service': self.service.name, 'names': self.names, 'control': self.args.control,
            'blocks': self.args.blocks, 'slice': self.args.slice, 'settle': self.args.settle,
            'probe': f'{probe[0]}:{probe[1]}' if probe else '', 'path': self.args.http,
            'rate': self.args.rate, 'timeout': self.args.timeout, 'via': self.args.via,
            'seed': self.args.seed, 'release': os.uname().release,
            'xtcp': open(version, encoding='ascii').read().strip()
                    if os.path.exists(version) else 'not loaded',
            'date': time.strftime('%Y-%m-%d %H:%M %Z'),
        }


def make_service(args, is_command, directory):
    """The service to move, once everything is there that a trial takes."""
    xtcp_run = find_xtcp_run(directory)
    if is_command:
        service = Command(args.service, xtcp_run)
    else:
        service = Unit(args.service[0], xtcp_run)
    if not args.control and need_module(xtcp_run):
        say('has loaded the module; it stays loaded (rmmod xtcp)')
    return service


def run_trial(args, service):
    """
    Run the trial, and put the service back whatever happens. Return: the trial, and
    whether the service is back.
    """
    trial = Trial(args, service)
    seconds = args.blocks * len(ORDER) * (args.slice + args.settle)
    say(f'{service.name} is started {args.blocks * len(ORDER)} times in the next '
        f'{seconds / 60:.1f} minutes, which ends its connections each time; Ctrl-C puts it back')
    back = False
    try:
        try:
            trial.run()
        finally:
            ignore_signals()
    finally:
        try:
            say(service.put_back())
            back = True
        except (TrialError, OSError) as error:
            say(f'{service.name} could NOT be put back: {error}')
    return trial, back


def write_reports(args, trial):
    facts = trial.facts()
    comparisons = compare_all(trial.slices, args.seed)
    sys.stdout.write(report.text(facts, trial.slices, comparisons))
    if args.json:
        report.write_json(args.json, facts, trial.slices, comparisons)
    if args.svg:
        svg.write(args.svg, facts, trial.slices, comparisons)


def main(argv, directory):
    """Return: the exit status."""
    args, is_command = parse(argv)
    catch_signals()
    try:
        for path in args.json, args.svg:
            if path:
                # Better now than after the trial.
                with open(path, 'w', encoding='utf-8'):
                    pass
        trial, back = run_trial(args, make_service(args, is_command, directory))
        write_reports(args, trial)
        return 0 if back else 1
    except TrialError as error:
        say(error)
        return 1
    except OSError as error:
        say(f'{error.filename or "error"}: {error.strerror}')
        return 1
    except Interrupted as signal_number:
        say('interrupted; there is no report')
        return 128 + signal_number.args[0]
