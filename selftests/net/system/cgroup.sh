#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# xtcp_run --cgroup: all programs of a cgroup use XTCP, if the kernel has the hook for
# it; if not, xtcp_run says so.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh
. lib/which.sh

need_xtcp_run
root=/sys/fs/cgroup
grep -q " $root cgroup2 " /proc/mounts || tap_skip_all "no cgroup v2"
top=$root/xtcp-test-$$
tmp=$(mktemp -d)
cleanup()
{
	$run --cgroup $top --off 2>/dev/null
	$run --cgroup $top/in --off 2>/dev/null
	rmdir $top/in/below $top/in $top/out $top 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
mkdir $top $top/in $top/in/below $top/out

# Run a program in a cgroup, from a shell that has moved there.
within() # CGROUP PROGRAM [ARGUMENT...]
{
	(
		echo 0 >"$1/cgroup.procs" || exit
		shift
		exec "$@"
	)
}

# The output of tools/which without the redirection.
mptcp=$(tools/which | grep '^inet-mptcp ')
left=${moved/inet-mptcp xtcp/$mptcp}
left=${left//xtcp/6}

same() # WHAT WANTED GOT
{
	[ "$2" = "$3" ] || { echo "$1: expected"; echo "$2"; echo "seen"; echo "$3"; return 1; }
}

says() # STATUS PATTERN ARGUMENT...: xtcp_run prints one line, or none if PATTERN is empty
{
	local want=$1 pattern=$2 out rc
	shift 2
	out=$($run --cgroup "$@" 2>&1)
	rc=$?
	[ $rc = "$want" ] || { echo "status $rc: $out"; return 1; }
	[ "$(printf %s "$out" | grep -c .)" = "${pattern:+1}" ] || [ -z "$pattern$out" ] ||
		{ echo "lines: $out"; return 1; }
	case $out in *"$pattern"*) ;; *) echo "$out"; return 1 ;; esac
}

before() { same "before" "$left" "$(within $top/in tools/which)"; }
is_static() { ! ldd tools/which >/dev/null 2>&1; }
turned_on() { says 0 '' $top/in; }
twice() { says 0 '' $top/in && [ "$(ls /sys/fs/bpf/xtcp | wc -l)" = 1 ]; }
inside() { same "inside" "$moved" "$(within $top/in tools/which)"; }
below() { same "below" "$moved" "$(within $top/in/below tools/which)"; }
outside() { same "outside" "$left" "$(within $top/out tools/which)"; }
above() { same "above" "$left" "$(within $top tools/which)"; }
# A child of a child, with an empty environment.
inherited() { same "a child's child" "$moved" "$(within $top/in sh -c 'env -i sh -c "tools/which; :"')"; }

# The connection is in the host's table of XTCP.
table()
{
	local py='import socket; s = socket.socket(); s.bind(("127.0.0.1", 5999))
s.listen(); print(*[open("/proc/net/" + t).read().count(":176F ") for t in ("xtcp", "tcp")])'
	same "rows of xtcp and tcp" "1 0" "$(within $top/in python3 -c "$py")"
}

# A running task moves into the cgroup and out of it.
moves()
{
	local pid
	tools/which wait "$tmp/1" "$tmp/2" "$tmp/3" >"$tmp/out" &
	pid=$!
	for to in out in out; do
		echo $pid >$top/$to/cgroup.procs
		n=$((n + 1))
		: >"$tmp/$n"
		while [ -e "$tmp/$n" ]; do sleep 0.01; done
	done
	wait $pid
	same "out, in, out" "$left
$moved
$left" "$(cat "$tmp/out")"
}

# Redirections of two nested cgroups are independent.
nested()
{
	says 0 '' $top || return
	same "with both" "$moved" "$(within $top/out tools/which)" &&
		says 0 '' $top --off && outside && inside
}

turned_off() { says 0 '' $top/in --off && same "off" "$left" "$(within $top/in tools/which)"; }
off_twice() { says 1 "not switched on" $top/in --off; }
no_such() { says 1 "No such file" $top/no; }
no_cgroup() { says 1 "not a cgroup" /tmp && says 1 "not a cgroup" /tmp --off; }
usage() { $run --cgroup 2>/dev/null; [ $? = 2 ] && { $run --cgroup $top x 2>/dev/null; [ $? = 2 ]; }; }
cannot() { says 1 "takes Linux 6.6" $top/in && same "then" "$left" "$(within $top/in tools/which)"; }

n=0
if ! grep -qw update_socket_protocol /proc/kallsyms; then
	tap_plan 2
	tap "a kernel that cannot is named" cannot
	tap "wrong usage" usage
	tap_end
fi
tap_plan 17
tap "the program is linked statically" is_static
tap "before" before
tap "the switch is turned on" turned_on
tap "and again, which changes nothing" twice
tap "a static program inside" inside
tap "in a cgroup below" below
tap "children inherit it" inherited
tap "a program outside" outside
tap "in the cgroup above" above
tap "the tables of the host" table
tap "a task that is moved" moves
tap "two switches" nested
tap "the switch is turned off" turned_off
tap "and again" off_twice
tap "no such directory" no_such
tap "a directory that is no cgroup" no_cgroup
tap "wrong usage" usage
tap_end
