#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading the module: repeatedly under load of the kernel's TCP, not
# while it is in use, and without leftovers. XTCP_KO names the module, which must not
# be loaded; without it the test is skipped.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh

[ "$(id -u)" = 0 ] || tap_skip_all "needs root"
[ -n "$XTCP_KO" ] || tap_skip_all "XTCP_KO names no module"
[ ! -e /proc/net/xtcp ] || tap_skip_all "the module is loaded already"
ip link set lo up

# Few rounds and bytes, because real time under emulation is slow. XTCP_ROUNDS asks for
# more of both. In virtual time the load has a rate, so that it lasts as long as the
# rounds.
n=${XTCP_ROUNDS:-4} load=$((${XTCP_ROUNDS:-4} * 500000)) pace=()
[ "$XTCP_VIRTUAL_TIME" = 1 ] && n=10 load=50000000 pace=(env XFER_PACE=8000000)

rounds()
{
	local i
	for i in $(seq $n); do
		insmod "$XTCP_KO" || return 1
		[ -e /proc/net/xtcp ] && [ -e /proc/net/xtcp_stat ] || return 1
		rmmod xtcp || return 1
		[ ! -e /proc/net/xtcp ] && [ ! -e /proc/net/xtcp_stat ] ||
			return 1
	done
}

# A transfer of a few segments that leaves only TIME-WAIT.
short() # PORT
{
	local server
	tools/xfer xtcp server "$1" 20000 & server=$!
	listening xtcp "$1" && tools/xfer xtcp client 127.0.0.1 "$1" 20000 up ||
		{ kill $server; return 1; }
	wait $server
}

# Load and unload during transfers of the kernel's TCP in both directions.
under_load()
{
	local size=$1 i s1 s2 c1 c2 bad=0
	"${pace[@]}" tools/xfer kernel server 7101 "$size" & s1=$!
	"${pace[@]}" tools/xfer kernel server 7102 "$size" & s2=$!
	"${pace[@]}" tools/xfer kernel client 127.0.0.1 7101 "$size" up & c1=$!
	"${pace[@]}" tools/xfer kernel client 127.0.0.1 7102 "$size" down & c2=$!
	for i in $(seq $n); do
		insmod "$XTCP_KO" || bad=1
		# An XTCP socket turns the receive hook on: once with a regular
		# close, once with a killed process.
		short 7105 || bad=1
		tools/xfer xtcp client 127.0.0.1 1 1 >/dev/null 2>&1 &
		sleep 0.02
		kill $! 2>/dev/null
		wait $! 2>/dev/null
		unload 100 || bad=1
	done
	if ! kill -0 $c1 2>/dev/null || ! kill -0 $c2 2>/dev/null; then
		echo "a transfer ended before the last round"
		[ "$XTCP_VIRTUAL_TIME" != 1 ] || bad=1
	fi
	wait $c1 || { echo "up: $?"; bad=1; }
	wait $c2 || { echo "down: $?"; bad=1; }
	wait $s1 || { echo "server 1: $?"; bad=1; }
	wait $s2 || { echo "server 2: $?"; bad=1; }
	return $bad
}

# Bound, listening and connected sockets hold the module.
in_use()
{
	local server bad=0
	insmod "$XTCP_KO" || return 1
	tools/xfer xtcp server 7103 10 2 & server=$!
	sleep 0.3
	if rmmod xtcp 2>/dev/null; then
		echo "rmmod took a listening socket's module away"
		return 1
	fi
	tools/xfer xtcp client 127.0.0.1 7103 10 up || bad=1
	tools/xfer kernel client 127.0.0.1 7103 10 down || bad=1
	wait $server || bad=1
	# TIME-WAIT does not hold it.
	unload 100 || bad=1
	return $bad
}

kill_user()
{
	local server
	insmod "$XTCP_KO" || return 1
	tools/xfer xtcp server 7104 100000000 & server=$!
	sleep 0.2
	timeout 0.5 tools/xfer xtcp client 127.0.0.1 7104 100000000 up
	kill -9 $server
	wait $server
	unload 600
}

# After unloading the kernel's TCP can use the ports that XTCP used.
ports_free()
{
	local i server
	for i in 7103 7104; do
		tools/xfer kernel server $i 10 & server=$!
		tools/xfer kernel client 127.0.0.1 $i 10 up || return 1
		wait $server || return 1
	done
}

nothing_left()
{
	[ ! -e /proc/net/xtcp ] || { echo /proc/net/xtcp; return 1; }
	! grep -i '^xtcp' /proc/slabinfo || return 1
	! grep -i '^xtcp' /proc/net/protocols || return 1
	[ ! -e /proc/sys/net/xtcp ] || { echo sysctl; return 1; }
	! grep -w xtcp /proc/modules
}

namespaces()
{
	local i
	insmod "$XTCP_KO" || return 1
	for i in $(seq $((n / 2))); do
		unshare -n sh -c 'ip link set lo up
			tools/xfer xtcp server 7000 5000 & sleep 0.1
			tools/xfer xtcp client 127.0.0.1 7000 5000 up && wait' ||
			return 1
	done
	unload 600
}

# The administrator of the initial namespace decides which congestion controls others
# may use; a namespace starts with the default of its kernel's TCP.
congestion()
{
	local d=/proc/sys/net/xtcp bad=0
	insmod "$XTCP_KO" || return 1
	echo dctcp >$d/congestion_control || bad=1
	[ "$(cat $d/allowed_congestion_control)" = "cubic reno bbr dctcp" ] || bad=1
	unshare -n sh -c "echo reno >/proc/sys/net/ipv4/tcp_congestion_control &&
		grep -qx reno $d/congestion_control" || bad=1
	echo reno >$d/congestion_control
	echo "dctcp bbr" >$d/allowed_congestion_control || bad=1
	unshare -n grep -qx cubic $d/congestion_control || bad=1
	unshare -n sh -c "echo bbr >$d/congestion_control" || bad=1
	unshare -n sh -c "echo reno >$d/congestion_control" 2>/dev/null && bad=1
	rmmod xtcp || bad=1
	return $bad
}

# Conntrack that was loaded before the module still sees XTCP's flows completely.
after_conntrack()
{
	local bad=0
	unshare -n sh -c '
		ip link set lo up
		nft "add table ip t; add chain ip t in { type filter hook input priority 0; };
		     add rule ip t in ct state invalid counter;
		     add chain ip t in2 { type filter hook input priority 1; };
		     add rule ip t in2 tcp dport 7000 ct state established counter" || exit 4
		insmod "$XTCP_KO" || exit 1
		tools/xfer xtcp server 7000 50000 & sleep 0.5
		tools/xfer xtcp client 127.0.0.1 7000 50000 up && wait || exit 1
		nft list chain ip t in | grep -q "counter packets 0 " &&
		! nft list chain ip t in2 | grep -q "counter packets 0 "' || bad=1
	unload 600 || bad=1
	return $bad
}

# By default socket() does not load the module. If the administrator has allowed it, an
# unprivileged user's socket() does. For the test the module is installed as the only
# one of its name.
as="setpriv --reuid 65534 --regid 65534 --clear-groups"
autoload()
{
	local d family conf=/etc/modprobe.d/xtcp.conf bad=0
	d=/lib/modules/$(uname -r)
	mkdir -p "$d" && mount -t tmpfs none "$d" || return 1
	cp "$XTCP_KO" "$d/xtcp.ko" && depmod 2>/dev/null || bad=1
	$as tools/xfer xtcp client 127.0.0.1 1 1
	for family in AF_INET AF_INET6; do
		$as python3 -c "import socket as s; s.socket(s.$family, s.SOCK_STREAM, 253)" \
			2>/dev/null
	done
	[ ! -e /proc/net/xtcp ] || { echo "nobody allowed it"; unload; bad=1; }
	mkdir -p "${conf%/*}" && cp ../../tools/examples/modprobe.conf "$conf" || bad=1
	$as tools/xfer xtcp client 127.0.0.1 1 1
	[ -e /proc/net/xtcp ] || { echo "not by AF_XTCP"; bad=1; }
	unload || bad=1
	for family in AF_INET AF_INET6; do
		$as python3 -c "import socket as s; s.socket(s.$family, s.SOCK_STREAM, 253)" ||
			bad=1
		[ -e /proc/net/xtcp ] || { echo "not by IPPROTO_XTCP on $family"; bad=1; }
		unload || bad=1
	done
	rm -f "$conf"
	umount "$d"
	return $bad
}

# The module does not load if the receive handler is not the kernel's: here because the
# module is loaded already, under another name. Strings that KASAN pads like the name
# are changed, too, which does no harm.
not_the_kernels()
{
	local tmp bad=0
	tmp=$(mktemp -d) && insmod "$XTCP_KO" || return 1
	python3 -c "
import sys
ko = open(sys.argv[1], 'rb').read()
for old in b'xtcp'.ljust(56, b'\\0'), b'\\0name=xtcp\\0':
	assert old in ko, old
	ko = ko.replace(old, old.replace(b'xtcp', b'xtcq'))
open(sys.argv[2], 'wb').write(ko)
" "$XTCP_KO" "$tmp/xtcq.ko" || bad=1
	insmod "$tmp/xtcq.ko" 2>&1 | grep -q 'resource busy' || { echo "loaded"; bad=1; }
	dmesg | grep -q 'handled by xtcp_v4_rcv \[xtcp\]' || { dmesg | tail; bad=1; }
	rm -rf "$tmp"
	rmmod xtcp && return $bad
}

# The module does not load if its port reservations do not hold, as a port could then
# have two TCPs. Here a BPF program of the cgroup changes the port of each bind().
ports_not_kept()
{
	local tmp bad=0
	tmp=$(mktemp -d) && mount -t cgroup2 none "$tmp" && mkdir -p "$tmp/xtcp" || return 1
	python3 -c "
import ctypes, os, struct, subprocess, sys
def bpf(cmd, attr):
	fd = ctypes.CDLL(None, use_errno=True).syscall(321, cmd, attr, len(attr))
	assert fd >= 0, os.strerror(ctypes.get_errno())
	return fd
# r2 = 0; ctx->user_port = r2; r0 = 1; exit
text = b''.join(struct.pack('<BBhi', *i) for i in (
	(0xb7, 2, 0, 0), (0x63, 0x21, 24, 0), (0xb7, 0, 0, 1), (0x95, 0, 0, 0)))
insns, gpl = ctypes.create_string_buffer(text), ctypes.create_string_buffer(b'GPL')
prog = bpf(5, struct.pack('<IIQQ44xI4x', 18, 4, ctypes.addressof(insns),
			  ctypes.addressof(gpl), 8))
group = os.open(sys.argv[1], os.O_RDONLY)
bpf(8, struct.pack('<IIII', group, prog, 8, 0))
open(sys.argv[1] + '/cgroup.procs', 'w').write('0')
sys.exit(subprocess.call(['insmod', sys.argv[2]]) != 1)
" "$tmp/xtcp" "$XTCP_KO" || { rmmod xtcp; bad=1; }
	dmesg | tail -2 | grep -q "kernel's TCP binds a port" || { dmesg | tail -2; bad=1; }
	rmdir "$tmp/xtcp"
	umount "$tmp" && return $bad
}

# If "enabled" is off in the initial namespace, no other namespace can turn it on, and
# new namespaces start with the initial one's value. Root without CAP_NET_ADMIN may write
# the files of any namespace, as the root of a user namespace may write its own.
turned_off()
{
	local knob=/proc/sys/net/xtcp/enabled bad=0
	local other="setpriv --bounding-set -net_admin --inh-caps -net_admin unshare -n"
	insmod "$XTCP_KO" || return 1
	unshare -n grep -qx 1 $knob || bad=1
	echo 0 >$knob || bad=1
	unshare -n grep -qx 0 $knob || bad=1
	$other sh -c "echo 1 >$knob" && { echo "turned on"; bad=1; }
	$other sh -c "echo junk >$knob; echo default >$knob; grep -qx 0 $knob" ||
		bad=1
	unshare -n sh -c "echo 1 >$knob && grep -qx 1 $knob" || bad=1
	echo 1 >$knob || bad=1
	$other sh -c "echo 0 >$knob && echo 1 >$knob && grep -qx 1 $knob" || bad=1
	unload || bad=1
	return $bad
}

# Some of the atomic allocations fail: packets, send map, half-open connections,
# accepted sockets. Everything still arrives, and nothing leaks (the debug kernel
# checks with kmemleak and KASAN).
fault=/sys/kernel/debug/failslab
failing()
{
	echo 0 >$fault/verbose
	echo 1 >$fault/ignore-gfp-wait
	echo N >$fault/task-filter
	echo -1 >$fault/times
	echo "${1:-0}" >$fault/probability
}

# connect() may fail for lack of memory; a transfer may not.
short_transfer() # PORT CLIENT-STACK up|down
{
	local i server bad=1
	tools/xfer xtcp server "$1" 300000 & server=$!
	listening xtcp "$1" || { kill $server; return 1; }
	failing 3
	for i in $(seq 30); do
		timeout 120 tools/xfer "$2" client 127.0.0.1 "$1" 300000 "$3" &&
			{ bad=0; break; }
	done
	failing 0
	[ $bad = 0 ] || kill $server
	wait $server && return $bad
}

memory_short()
{
	local i bad=0
	insmod "$XTCP_KO" || return 1
	for i in 1 2 3; do
		short_transfer 7110 xtcp up || bad=1
		short_transfer 7111 kernel down || bad=1
	done
	unload 600 || bad=1
	return $bad
}

# Without the module xtcp_run prints an error of one line, or uses TCP if told to.
xtcp_run=../../tools/xtcp_run
not_loaded()
{
	local out
	out=$($xtcp_run true 2>&1)
	[ $? = 1 ] && [ "$(printf '%s\n' "$out" | wc -l)" = 1 ] && [ -n "$out" ] ||
		{ echo "$out"; return 1; }
	[ "$(XTCP_FALLBACK=1 $xtcp_run echo yes)" = yes ]
}

tap_plan 15
if [ -x $xtcp_run ]; then
	tap "xtcp_run without the module" not_loaded
else
	tap_skip "xtcp_run without the module" "no xtcp_run beside"
fi
tap "rounds of insmod and rmmod" rounds
tap "kernel TCP is not disturbed" under_load $load
tap "rmmod is refused while in use" in_use
tap "rmmod after a user was killed" kill_user
tap "ports are free again" ports_free
tap "namespaces come and go" namespaces
tap "congestion controls by namespace" congestion
if nft list tables >/dev/null 2>&1; then
	tap "conntrack was there before" after_conntrack
else
	tap_skip "conntrack was there before" "no nftables"
fi
tap "socket() loads the module where that is allowed" autoload
tap "another receive handler" not_the_kernels
tap "ports that the kernel does not keep" ports_not_kept
tap "turned off on the machine" turned_off
if [ -d $fault ]; then
	tap "memory is short" memory_short
else
	tap_skip "memory is short" "no failslab in this kernel"
fi
tap "nothing is left" nothing_left
tap_end
