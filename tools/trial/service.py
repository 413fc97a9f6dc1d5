# SPDX-License-Identifier: GPL-2.0
"""The service that is moved between the two TCPs: a unit of systemd, or a command."""
import os
import shutil
import signal
import subprocess
import time

from .errors import TrialError, uninterrupted

KERNEL = 'kernel'
XTCP = 'xtcp'
UNITS = '/etc/systemd/system'
CGROUPS = '/sys/fs/cgroup'
SUFFIXES = ('.service', '.socket', '.target', '.timer', '.mount', '.path', '.slice', '.scope')
START_TIMEOUT = 60      # s until a service listens
STOP_TIMEOUT = 20       # s until a command has ended


def run(*argv):
    """
    Run a program to its end, apart from the terminal: half a switch is none. Return: its
    status, and what it said.
    """
    with uninterrupted():
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors='replace',
                                  start_new_session=True, check=False)
        except OSError as error:
            return 127, f'{argv[0]}: {error.strerror}'
    return done.returncode, done.stdout.strip()


def last_line(text):
    return text.rsplit('\n', 1)[-1]


def find_xtcp_run(directory):
    """The xtcp_run beside this program, or that of PATH."""
    own = os.path.join(directory, 'xtcp_run')
    found = own if os.access(own, os.X_OK) else shutil.which('xtcp_run')
    if not found:
        raise TrialError('there is no xtcp_run; install xtcp-tools')
    return found


def need_module(xtcp_run):
    """
    Load the module unless it is there, and try a socket. Return: whether it was loaded.
    """
    loaded = False
    if not os.path.exists('/proc/net/xtcp') and os.geteuid() == 0:
        loaded = run('modprobe', '-q', 'xtcp')[0] == 0
    status, said = run(xtcp_run, 'true')
    if status:
        raise TrialError(last_line(said).replace('xtcp_run: ', '', 1))
    return loaded


def descendants(root):
    """The process @root and all that it has started, as far as they still are its."""
    children = {}
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open(f'/proc/{name}/stat', encoding='utf-8', errors='replace') as file:
                parent = int(file.read().rpartition(')')[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(name))
    found = []
    todo = [root]
    while todo:
        pid = todo.pop()
        if os.path.exists(f'/proc/{pid}'):
            found.append(pid)
        todo += children.get(pid, [])
    return found


def socket_inodes(pid):
    """{inode: file descriptor} of the sockets of a process."""
    found = {}
    try:
        for fd in os.listdir(f'/proc/{pid}/fd'):
            try:
                link = os.readlink(f'/proc/{pid}/fd/{fd}')
            except OSError:
                continue
            if link.startswith('socket:['):
                found[int(link[8:-1])] = int(fd)
    except OSError:
        pass
    return found


def table(pid, stack):
    """(state, inode) of the rows of the tables of connections that a process sees."""
    name = 'tcp' if stack == KERNEL else 'xtcp'
    for path in f'/proc/{pid}/net/{name}', f'/proc/{pid}/net/{name}6':
        try:
            with open(path, encoding='ascii') as file:
                for line in file:
                    fields = line.split()
                    if len(fields) > 9 and fields[0] != 'sl':
                        yield fields[3], int(fields[9])
        except OSError:
            continue


class Service:
    """What a unit and a command have in common."""

    name = ''

    def pids(self):
        raise NotImplementedError

    def start_on(self, stack):
        """Start it anew, on a TCP."""
        raise NotImplementedError

    def put_back(self):
        """Return: a sentence that says how it was left."""
        raise NotImplementedError

    def check_alive(self):
        """Raise TrialError if it has ended."""

    def cpu_seconds(self):
        """CPU time that its processes have used, in s: user and system."""
        ticks = 0
        for pid in self.pids():
            try:
                with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as file:
                    fields = file.read().rpartition(')')[2].split()
            except OSError:
                continue
            # utime, stime, and those of children that have ended.
            ticks += sum(int(field) for field in fields[11:15])
        return ticks / os.sysconf('SC_CLK_TCK')

    def listens(self, stack):
        for pid in self.pids():
            inodes = socket_inodes(pid)
            if inodes and any(state == '0A' and inode in inodes
                              for state, inode in table(pid, stack)):
                return True
        return False

    def wait_listening(self, stack):
        """Wait until it has a listening socket of the TCP that it was put on."""
        other = XTCP if stack == KERNEL else KERNEL
        names = {KERNEL: "the kernel's TCP", XTCP: 'XTCP'}
        end = time.monotonic() + START_TIMEOUT
        pause = 0.02
        wrong_since = None
        while not self.listens(stack):
            self.check_alive()
            now = time.monotonic()
            if not self.listens(other):
                wrong_since = None
            elif wrong_since is None:
                wrong_since = now
            elif now - wrong_since > 2:
                raise TrialError(f'{self.name} was put on {names[stack]} and still listens with '
                                 f'{names[other]}: systemd opens its sockets, or a filter '
                                 'refuses XTCP\'s (see xtcp_run(1), LIMITS)')
            if now > end:
                raise TrialError(f'{self.name} listens on no TCP port, {START_TIMEOUT} s '
                                 'after its start')
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)


class Command(Service):
    """A command line, started by itself or by xtcp_run."""

    def __init__(self, argv, xtcp_run):
        self.argv = argv
        self.name = os.path.basename(argv[0])
        self.xtcp_run = xtcp_run
        self.process = None
        if not shutil.which(argv[0]):
            raise TrialError(f'there is no program {argv[0]}')

    def pids(self):
        return descendants(self.process.pid) if self.process else []

    def check_alive(self):
        status = self.process.poll()
        if status is not None:
            raise TrialError(f'{self.name} ended by itself, with status {status}; a command '
                             'has to stay in the foreground')

    def start_on(self, stack):
        self.stop()
        argv = self.argv
        if stack == XTCP:
            argv = [self.xtcp_run, '--'] + argv
        # A session of its own: a Ctrl-C is for xtcp_trial, which then stops it.
        with uninterrupted():
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, start_new_session=True)
        self.wait_listening(stack)

    def stop(self):
        if not self.process:
            return
        group = self.process.pid
        for number, seconds in (signal.SIGTERM, STOP_TIMEOUT), (signal.SIGKILL, None):
            try:
                os.killpg(group, number)
            except ProcessLookupError:
                pass
            try:
                self.process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        # What the command started, and did not end, must not keep its port.
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process = None

    def put_back(self):
        self.stop()
        return f'{self.name} has been stopped.'


class Unit(Service):
    """A service of systemd that runs, and is restarted for each slice."""

    def __init__(self, name, xtcp_run):
        if not name.endswith(SUFFIXES):
            name += '.service'
        self.name = name
        self.xtcp_run = xtcp_run
        self.dropin = f'{UNITS}/{name}.d/xtcp.conf'
        self.before = None          # the drop-in file that was there
        self.restarted = False
        self.cgroup = None          # its directory; None if systemd has no cgroup v2
        self.main_pid = 0
        if os.geteuid() != 0:
            raise TrialError('a service is restarted by root only; run xtcp_trial as root')
        if not name.endswith('.service') or '/' in name or name.startswith('-'):
            raise TrialError(f'{name} is no name of a service')
        if self.show('LoadState') != 'loaded':
            raise TrialError(f'systemd has no service {name}')
        if self.show('ActiveState') != 'active':
            raise TrialError(f'{name} does not run; start it first')
        try:
            with open(self.dropin, encoding='utf-8') as file:
                self.before = file.read()
        except FileNotFoundError:
            pass
        self.find_processes()
        if not self.listens(KERNEL) and not self.listens(XTCP):
            raise TrialError(f'{name} listens on no TCP port')

    def show(self, name):
        status, said = run('systemctl', 'show', '--property', name, '--', self.name)
        if status:
            raise TrialError(f'systemctl cannot be asked about {self.name}: {last_line(said)}')
        return said.partition('=')[2]

    def find_processes(self):
        """Ask systemd where its processes are, after a start."""
        path = CGROUPS + self.show('ControlGroup')
        self.cgroup = path if os.path.exists(path + '/cgroup.procs') else None
        self.main_pid = int(self.show('MainPID') or 0)

    def pids(self):
        if not self.cgroup:
            return descendants(self.main_pid) if self.main_pid else []
        found = []
        for directory, _, _ in os.walk(self.cgroup):
            try:
                with open(directory + '/cgroup.procs', encoding='ascii') as file:
                    found += [int(line) for line in file]
            except OSError:
                continue
        return found

    def cpu_seconds(self):
        try:
            with open(f'{self.cgroup}/cpu.stat', encoding='ascii') as file:
                return int(file.readline().split()[1]) / 1e6
        except (OSError, IndexError, ValueError):
            return super().cpu_seconds()

    def check_alive(self):
        state = self.show('ActiveState')
        if state in ('failed', 'inactive'):
            raise TrialError(f'{self.name} did not start; systemctl status {self.name} says why')

    def restart(self):
        # Restarts of a trial are no reason for systemd to give the service up.
        run('systemctl', 'reset-failed', self.name)
        status, said = run('systemctl', 'restart', self.name)
        if status:
            raise TrialError(f'{self.name} did not restart: {last_line(said)}')
        self.find_processes()

    def switch(self, stack):
        if stack == XTCP:
            status, said = run(self.xtcp_run, '--systemd', self.name)
        elif os.path.exists(self.dropin):
            status, said = run(self.xtcp_run, '--systemd', self.name, '--off')
        else:
            return
        if status:
            raise TrialError(last_line(said).replace('xtcp_run: ', '', 1))

    def start_on(self, stack):
        self.restarted = True
        self.switch(stack)
        self.restart()
        self.wait_listening(stack)

    def put_back(self):
        if not self.restarted:
            return f'{self.name} was not touched.'
        stack = KERNEL if self.before is None else XTCP
        self.switch(stack)
        if self.before is not None:
            with open(self.dropin, 'w', encoding='utf-8') as file:
                file.write(self.before)
        run('systemctl', 'daemon-reload')
        self.restart()
        self.wait_listening(stack)
        where = "the kernel's TCP" if stack == KERNEL else 'XTCP'
        return f'{self.name} is on {where} again, as it was.'
