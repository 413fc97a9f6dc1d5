#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Unmodified programs under xtcp_run, and the errors that they get from an
# administrator's mistakes.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh

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

# Does the table /proc/net/xtcp or tcp list PORT as a local port?
listed() # xtcp|tcp PORT
{
	grep -q ":$(printf %04X "$2") 00000000:0000 0A" "/proc/net/$1"
}

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

# A statically linked program stays on the kernel's TCP, and xtcp_run says so.
static_said()
{
	local said="$PWD/tools/which is linked statically"
	$run "$PWD/tools/which" 2>"$tmp/err" | grep -qx "inet 6" || { $run tools/which; return 1; }
	grep -q "$said.*--cgroup" "$tmp/err" || { cat "$tmp/err"; return 1; }
	# Also if it is run through a script or found in PATH.
	printf '#! %s -x\n' "$PWD/tools/which" >"$tmp/script"
	chmod 755 "$tmp/script"
	PATH=/nonexistent:$tmp:$PATH $run script 2>"$tmp/err" >"$tmp/out"
	grep -q "$said" "$tmp/err" || { cat "$tmp/err"; return 1; }
	# Nothing is said of a script whose interpreter is dynamically linked.
	printf '#!/bin/sh\nexit 0\n' >"$tmp/script"
	$run "$tmp/script" 2>"$tmp/err" && $run true 2>>"$tmp/err" && [ ! -s "$tmp/err" ] ||
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
	local addr pid who bad=0
	who=$(dirname $run)/xtcp_who
	ip -n $a link set lo up
	for addr in 127.0.0.1 ::1; do
		ip netns exec $a $run python3 -c "$py"'
import time
to = ("'$addr'", 7211)
family = socket.AF_INET6 if ":" in to[0] else socket.AF_INET
l = socket.socket(family)
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(to)
l.listen()
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
			$who 2>/dev/null | grep -q FIN-WAIT-1 && break
			sleep 0.1
		done
		[ $addr != ::1 ] || addr='\[::1\]'
		$who | grep -q "^- .* FIN-WAIT-1 *$addr:[0-9]* *$addr:7211" || { $who; bad=1; }
		kill $pid
		wait $pid
		for i in $(seq 100); do
			$who 2>/dev/null | grep -q FIN-WAIT-1 || break
			sleep 0.1
		done
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
'
}

tap_plan 12
tap "both programs on XTCP" exchange 7201 $run $run
tap "server on XTCP, client on the kernel's TCP" exchange 7202 $run ""
tap "client on XTCP, server on the kernel's TCP" exchange 7203 "" $run
tap "exit status of the program" status_kept
tap "arguments of the program" arguments
tap "an LD_PRELOAD of the user's own" preload_kept
tap "no such program" not_there
tap "a static program stays where it is, and that is said" static_said
tap "an unreachable neighbour is EHOSTUNREACH" unreachable
tap "who has sockets" who
tap "who has connections without a process" who_without
tap "a socket that XTCP refuses is one of the kernel's TCP where that is wanted" falls_back
tap_end
