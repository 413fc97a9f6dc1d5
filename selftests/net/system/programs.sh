#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Unmodified programs under xtcp_run, and the errors that they get from an
# administrator's mistakes.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh
. lib/which.sh

need_xtcp_run
modprobe -q veth

tmp=$(mktemp -d)
a=xtcp-p-$$
cleanup()
{
	rm -rf "$tmp"
	ip netns del $a 2>/dev/null
}
trap cleanup EXIT

# Python with the standard library only, like any script.
py='import socket, sys
'
server=$py'
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
open(sys.argv[2], "w").close()
c, peer = s.accept()
data = b""
while len(data) < 100000:
    data += c.recv(65536)
c.sendall(data[::-1])
'
client=$py'
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)
assert c.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == 6
sent = bytes(i & 255 for i in range(100000))
c.sendall(sent)
got = b""
while True:
    more = c.recv(65536)
    if not more:
        break
    got += more
sys.exit(got != sent[::-1])
'

exchange() # PORT SERVER-PREFIX CLIENT-PREFIX
{
	local pid bad=0 i
	# shellcheck disable=SC2086
	$2 python3 -c "$server" "$1" "$tmp/up.$1" & pid=$!
	for i in $(seq 600); do
		[ ! -e "$tmp/up.$1" ] || break
		sleep 0.1
	done
	if [ -n "$2" ]; then
		{ listed xtcp "$1" && ! listed tcp "$1"; } || bad=1
	else
		{ listed tcp "$1" && ! listed xtcp "$1"; } || bad=1
	fi
	[ $bad = 0 ] || echo "the server listens on the other TCP"
	# shellcheck disable=SC2086
	$3 python3 -c "$client" "$1" || bad=1
	wait $pid || bad=1
	return $bad
}

status_kept() { $run sh -c 'exit 7'; [ $? = 7 ]; }
arguments() { [ "$($run echo 'a  b' c)" = 'a  b c' ]; }
preload_kept() { LD_PRELOAD=/nonexistent/x.so $run sh -c 'case $LD_PRELOAD in *x.so*) ;; *) exit 1 ;; esac' 2>/dev/null; }
not_there() { $run /nonexistent/program 2>"$tmp/err"; [ $? -ge 126 ] && [ -s "$tmp/err" ]; }

prints() # WANTED PROGRAM...: standard output and error, line by line
{
	local want=$1 out
	shift
	out=$("$@" 2>&1)
	[ "$out" = "$want" ] || { printf '%s:\n%s\n' "$*" "$out"; return 1; }
}

# The filter is installed where the library is not loaded, also for the interpreter of a
# script in PATH, and nowhere else; within itself it is left as it is.
static_moved()
{
	printf '#! %s -x\n' "$PWD/tools/which" >"$tmp/script"
	chmod 755 "$tmp/script"
	prints "$moved" $run tools/which &&
		prints "$moved" env PATH="/nonexistent:$tmp:$PATH" $run script &&
		prints "$moved" $run --seccomp $run --seccomp tools/which &&
		prints $'Seccomp:\t0' $run grep Seccomp: /proc/self/status &&
		printf '#!/bin/sh\ngrep Seccomp: /proc/$$/status\n' >"$tmp/script" &&
		prints $'Seccomp:\t0' $run "$tmp/script"
}

supervisors()
{
	local pid
	for pid in $(pgrep -x xtcp_run); do
		! readlink "/proc/$pid/fd/0" | grep -q seccomp || echo "$pid"
	done 2>/dev/null
}

supervisors_become() # NUMBER
{
	local i
	for i in $(seq 100); do
		[ "$(supervisors | wc -l)" != "$1" ] || return 0
		sleep 0.1
	done
	echo "not $1 supervisors: $(supervisors)"
	return 1
}

# Children, in an environment without the library. The program has the process that was
# started, and the supervisor ends with it and holds no pipe: $() would wait for it.
same_process()
{
	local pid out
	$run --seccomp sh -c 'echo $$; env -i tools/which; exit 7' >"$tmp/out" & pid=$!
	wait $pid
	[ $? = 7 ] && prints "$pid
$moved" cat "$tmp/out" && supervisors_become 0 || return 1
	$run --seccomp sleep 1000 & pid=$!
	until [ "$(cat /proc/$pid/comm)" = sleep ]; do sleep 0.1; done
	# shellcheck disable=SC2034 # only the time that it takes counts
	out=$($run --seccomp sh -c "tail -f --pid $pid /dev/null >/dev/null 2>&1 &") &&
		supervisors_become 2 && supervisors | xargs kill -INT && supervisors_become 2 || return 1
	kill $pid
	wait $pid
	[ $? = 143 ] && supervisors_become 0
}

# A filter of the program's own refuses; a namespace of its own has its own sockets.
others_kept()
{
	$run tools/which filtered >"$tmp/out" 2>&1
	[ "$(grep -c '^inet6.* Permission denied$' "$tmp/out")" = 2 ] &&
		[ "$(grep -c ' xtcp$' "$tmp/out")" = 4 ] || { cat "$tmp/out"; return 1; }
	$run --seccomp unshare -n tools/which >"$tmp/out" 2>&1
	[ "$(grep -c ' 6$' "$tmp/out")" = 5 ] && ! grep xtcp "$tmp/out"
}

# The sockets are as the program asked for them, and belong to its user even if root has
# started the supervisor.
as_asked()
{
	local drop="setpriv --reuid 65534 --clear-groups --inh-caps=-all"
	$run --seccomp $drop env -u LD_PRELOAD python3 -c "$py"'
import errno, fcntl, os, resource
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
assert s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == 518
assert not os.get_inheritable(s.fileno())
assert fcntl.fcntl(s, fcntl.F_GETFL) & os.O_NONBLOCK
s.bind(("127.0.0.1", 7230))
s.listen()
rows = [row.split() for row in open("/proc/net/xtcp")]
assert [row[7] for row in rows if row[1] == "0100007F:1C3E"] == ["65534"], rows
resource.setrlimit(resource.RLIMIT_NOFILE, (s.fileno() + 1, 4096))
try:
	socket.socket()
except OSError as e:
	sys.exit(e.errno != errno.EMFILE)
sys.exit(1)
' && prints $'NoNewPrivs:\t0' $run --seccomp grep NoNewPrivs /proc/self/status || return 1
	# This user is told what it costs.
	$drop $run tools/which 2>"$tmp/err" | grep -qx "inet xtcp" &&
		grep -q "which is linked statically: .* set-user-ID programs" "$tmp/err" ||
		{ cat "$tmp/err"; return 1; }
}

# A neighbour that does not answer: connect() ends with that error, not by a timeout.
unreachable()
{
	ip netns add $a && ip -n $a link set lo up &&
	ip -n $a link add v0 type veth peer name v1 &&
	ip -n $a addr add 10.7.9.1/24 dev v0 &&
	ip -n $a link set v0 up && ip -n $a link set v1 up || return 1
	ip netns exec $a $run python3 -c "$py"'
import errno, time
assert socket.socket(proto=262).getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == 6
s = socket.socket()
start = time.monotonic()
code = s.connect_ex(("10.7.9.2", 80))
print(code, time.monotonic() - start)
sys.exit(code != errno.EHOSTUNREACH or time.monotonic() - start > 20)
'
}

# The processes that hold the module are listed, whatever the state of their sockets.
who()
{
	local who pid bad=0
	who=$(dirname $run)/xtcp_who
	$who 2>/dev/null | grep -q " python3 " && { echo "somebody is left"; return 1; }
	ip netns exec $a $run python3 -c "$py"'
import time
s = socket.socket()
l = socket.socket()
l.bind(("10.7.9.1", 7210))
l.listen()
time.sleep(600)
' & pid=$!
	for i in $(seq 100); do
		$who 2>/dev/null | grep -q LISTEN && break
		sleep 0.1
	done
	$who | grep -q "^$pid *python3 .* LISTEN *10.7.9.1:7210" || bad=1
	$who | grep -q "^$pid *python3 .* CLOSED " || bad=1
	[ $bad = 0 ] || $who
	kill $pid
	wait $pid
	return $bad
}

# Connections that their program has closed are listed as well, over both families.
who_without()
{
	local addr pid who i bad=0
	who=$(dirname $run)/xtcp_who
	ip -n $a link set lo up
	ip netns exec $a $run python3 -c "$py"'
import time
listeners = []
for to in ("127.0.0.1", 7211), ("::1", 7211):
	family = socket.AF_INET6 if ":" in to[0] else socket.AF_INET
	l = socket.socket(family)
	l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	l.bind(to)
	l.listen()
	listeners.append(l)
	s = socket.socket(family)
	s.connect(to)
	s.setblocking(False)
	try:
		while True:
			s.send(bytes(65536))
	except BlockingIOError:
		s.close()
time.sleep(600)
' & pid=$!
	for i in $(seq 100); do
		[ "$($who 2>/dev/null | grep -c FIN-WAIT-1)" != 2 ] || break
		sleep 0.1
	done
	for addr in 127.0.0.1 '\[::1\]'; do
		$who | grep -q "^- .* FIN-WAIT-1 *$addr:[0-9]* *$addr:7211" || { $who; bad=1; }
	done
	kill $pid
	wait $pid
	for i in $(seq 100); do
		$who 2>/dev/null | grep -q FIN-WAIT-1 || break
		sleep 0.1
	done
	return $bad
}

# Services have the library and XTCP_FALLBACK=1 in their environment, without xtcp_run.
falls_back()
{
	local lib
	lib=$(realpath "$(dirname $run)/xtcp_preload.so")
	ip netns exec $a sh -c "echo 0 >/proc/sys/net/xtcp/enabled" || return 1
	ip netns exec $a env LD_PRELOAD="$lib" XTCP_FALLBACK=1 python3 -c "$py"'
s = socket.socket()
s.bind(("127.0.0.1", 7220))
s.listen()
s6 = socket.socket(socket.AF_INET6)
sys.exit("0100007F:1C34 " not in open("/proc/net/tcp").read())
' || return 1
	ip netns exec $a env LD_PRELOAD="$lib" python3 -c "$py"'
import errno
try:
	socket.socket()
except OSError as e:
	sys.exit(e.errno != errno.ENOPROTOOPT)
sys.exit(1)
' || return 1
	# Switched off later, it is the supervisor that falls back.
	local off='echo 0 >/proc/sys/net/xtcp/enabled; exec env -i tools/which'
	ip netns exec $a sh -c "echo 1 >/proc/sys/net/xtcp/enabled" &&
		ip netns exec $a env XTCP_FALLBACK=1 $run --seccomp sh -c "$off" >"$tmp/out" &&
		grep -qx 'inet 6' "$tmp/out" && grep -qx 'talks hello' "$tmp/out" &&
		ip netns exec $a sh -c "echo 1 >/proc/sys/net/xtcp/enabled" &&
		ip netns exec $a $run --seccomp sh -c "$off" >"$tmp/out" &&
		grep -qx 'inet Protocol not available' "$tmp/out" || { cat "$tmp/out"; return 1; }
}

tap_plan 15
tap "both programs on XTCP" exchange 7201 $run $run
tap "server on XTCP, client on the kernel's TCP" exchange 7202 $run ""
tap "client on XTCP, server on the kernel's TCP" exchange 7203 "" $run
tap "exit status of the program" status_kept
tap "arguments of the program" arguments
tap "an LD_PRELOAD of the user's own" preload_kept
tap "no such program" not_there
tap "a static program is moved by a filter" static_moved
tap "it keeps its process, and its children are moved" same_process
tap "it keeps its own filter, and is not moved in a namespace of its own" others_kept
tap "its sockets are as it asked, for its user" as_asked
tap "an unreachable neighbour is EHOSTUNREACH" unreachable
tap "who has sockets" who
tap "who has connections without a process" who_without
tap "a socket that XTCP refuses is one of the kernel's TCP where that is wanted" falls_back
tap_end
