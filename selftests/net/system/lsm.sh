#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# AppArmor of a stock kernel: what a profile that grants or denies networks lets a
# program do with each kind of socket. Creating an AF_XTCP socket needs the parser's
# name for family 22, sna; using it needs inet or inet6. A program that may not use
# TCP may thus not use XTCP either.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh

[ "$(id -u)" = 0 ] || tap_skip_all "needs root"
sec=/sys/kernel/security
grep -qs securityfs /proc/mounts || mount -t securityfs sec $sec 2>/dev/null
grep -qs apparmor $sec/lsm || tap_skip_all "no AppArmor in this kernel"
command -v apparmor_parser >/dev/null || tap_skip_all "no apparmor_parser"
if [ ! -e /proc/net/xtcp ]; then
	[ "$XTCP_REQUIRED" != 1 ] || { printf '1..1\nnot ok 1 module is loaded\n'; exit 1; }
	tap_skip_all "the module is not loaded"
fi

tmp=$(mktemp -d)
cleanup()
{
	apparmor_parser -R "$tmp/profiles" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT

# sockets.py FAMILY/PROTOCOL... [-- PROFILE...]: how far a socket of each kind gets on the
# way to a connection, for each profile on a line of its own.
cat >"$tmp/sockets.py" <<'END'
import os, socket, sys

def make(family, protocol):
    s = socket.socket(family, socket.SOCK_STREAM, protocol)
    if family == 22:
        family = 10 if protocol == 41 else 2
        s = socket.socket(family, socket.SOCK_STREAM, 0, fileno=s.detach())
    return s

def reached(kind):
    step = "socket"
    try:
        c, s = make(*kind), make(*kind)
        step = "connect"
        try:
            c.connect(("127.0.0.1" if s.family == 2 else "::1", 9))
        except ConnectionRefusedError:
            pass
        step = "connect"
        s.bind(("", 0))
        step = "all"
        s.listen()
        c = make(*kind)
        c.connect(s.getsockname())
        s.accept()[0].send(b"x")
        c.recv(1)
    except PermissionError:
        pass
    return step

args = sys.argv[1:] + ["--"]
kinds, profiles = args[:args.index("--")], args[args.index("--") + 1:-1]
for profile in profiles or [None]:
    if os.fork():
        os.wait()
        continue
    if profile:
        with open("/proc/self/attr/current", "w") as f:
            f.write("changeprofile " + profile)
    print(*[reached(list(map(int, kind.split("/")))) for kind in kinds])
    break
END

# Sockets, as columns of the rows below: TCP, XTCP and IPPROTO_XTCP, then over IPv6.
kinds="2/0 22/0 2/253 10/0 22/41 10/253"
# What a profile grants and denies; where each kind is stopped.
rows=(
	"network|all all all all all all"
	"|socket socket socket socket socket socket"
	"network inet stream|all socket all socket socket socket"
	"network sna stream|socket connect socket socket connect socket"
	"network inet stream,network sna stream|all all all socket connect socket"
	"network inet6 stream,network sna stream|socket connect socket all all all"
	"network,deny network inet stream|socket connect socket all all all"
	"network,deny network inet6 stream|all all all socket connect socket"
	"network,deny network sna|all socket all all socket all"
)

{
	echo "abi <abi/3.0>,"
	for i in "${!rows[@]}"; do
		echo "profile xtcp_test_$i {"
		echo "file, capability,"
		rules=${rows[i]%|*}
		[ -z "$rules" ] || printf '%s\n' "${rules//,/$',\n'},"
		echo "}"
	done
} >"$tmp/profiles"
apparmor_parser -rK "$tmp/profiles" || tap_skip_all "apparmor_parser does not support the rules"

confined() # NUMBER STEP...
{
	local got i=$1

	shift
	got=$(sed -n "$((i + 1))p" "$tmp/reached")
	echo "stopped at: $got"
	[ "$got" = "$*" ]
}

# Security modules that label network traffic are called when a connection is open.
# How often, for a connection of each kind of socket: for TCP at the active end, for
# XTCP at both ends, as nothing else tells them of the accepting end.
trace=/sys/kernel/tracing
told() # KIND TIMES
{
	local got

	[ -e $trace/kprobe_events ] || mount -t tracefs tracefs $trace || return
	echo 'p:xtcp_test/told security_inet_conn_established' >>$trace/kprobe_events || return
	echo >$trace/trace
	echo 1 >$trace/events/xtcp_test/told/enable
	got=$(python3 "$tmp/sockets.py" "$1")
	echo 0 >$trace/events/xtcp_test/told/enable
	set -- "$got $(grep -c ' told: ' $trace/trace)" "all $2"
	echo '-:xtcp_test/told' >>$trace/kprobe_events
	echo "got: $1, expected: $2"
	[ "$1" = "$2" ]
}
opened=("2/0 1" "22/0 2" "10/0 1" "22/41 2")

tap_plan $((${#rows[@]} + ${#opened[@]}))
for row in "${opened[@]}"; do
	# shellcheck disable=SC2086
	tap "hook of an open connection: family/protocol $row" told $row
done
# shellcheck disable=SC2046,SC2086
python3 "$tmp/sockets.py" $kinds -- $(printf 'xtcp_test_%d ' "${!rows[@]}") >"$tmp/reached"
for i in "${!rows[@]}"; do
	# shellcheck disable=SC2086
	tap "profile: ${rows[i]%|*}" confined "$i" ${rows[i]#*|}
done
tap_end
