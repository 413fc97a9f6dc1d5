# SPDX-License-Identifier: GPL-2.0
# TAP for the shell tests of this directory; sourced by them.

tap_n=0
tap_bad=0

tap_plan() { echo "TAP version 13"; echo "1..$1"; }

# tap NAME COMMAND...: runs COMMAND and prints its output if it fails.
tap()
{
	local name=$1 out
	shift
	tap_n=$((tap_n + 1))
	if out=$("$@" 2>&1); then
		echo "ok $tap_n $name"
	else
		echo "not ok $tap_n $name"
		printf '%s\n' "$out" | sed 's/^/# /'
		tap_bad=$((tap_bad + 1))
	fi
}

tap_skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n $1 # SKIP $2"; }

tap_end() { [ $tap_bad -eq 0 ]; exit; }

# Skip the whole test, as kselftest defines it: exit status 4.
tap_skip_all() { echo "1..0 # SKIP $1"; exit 4; }

# Needs the module loaded; sets $run, which starts programs on XTCP.
need_xtcp_run()
{
	[ "$(id -u)" = 0 ] || tap_skip_all "needs root"
	[ -e /proc/net/xtcp ] || tap_skip_all "the module is not loaded"
	run=../../tools/xtcp_run
	if [ ! -x $run ] && ! run=$(command -v xtcp_run); then
		[ -n "$XTCP_REQUIRED" ] || tap_skip_all "no xtcp_run"
		printf '1..1\nnot ok 1 xtcp_run is built\n'
		exit 1
	fi
}

# Does one of the two TCPs, tcp or xtcp, listen on PORT? PREFIX (ip netns exec NAME) leads to
# its namespace.
listed() # tcp|xtcp PORT [PREFIX...]
{
	local table=$1 port=$2
	shift 2
	"$@" grep -q ":$(printf %04X "$port") 00000000:0000 0A" "/proc/net/$table"
}

# Wait until it does: a client that comes earlier is refused.
listening() # tcp|xtcp PORT [PREFIX...]
{
	local i
	for i in $(seq 100); do
		listed "$@" && return
		sleep 0.1
	done
	echo "nobody listens on $2"
	return 1
}

# Unload the module; connections that are ending may hold it for a while.
unload()
{
	local i
	for i in $(seq "${1:-200}"); do
		rmmod xtcp 2>/dev/null && return
		sleep 0.1
	done
	rmmod xtcp
}
