#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A host that shapes its own traffic with tbf. Transfers reach the shaped rate, whether
# the queue is long, short, or shorter than the largest burst. A full queue is
# congestion: packets are refused about as often as with the kernel's TCP, and flows
# that share the queue each get a share.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh
. lib/hosts.sh

need_stacks veth sch_tbf

out=$(mktemp -d)
trap 'no_hosts; rm -rf "$out"' EXIT
two_hosts

shape() # tbf's arguments: install a new queue
{
	ip netns exec $a tc qdisc del dev veth0 root 2>/dev/null
	ip netns exec $a tc qdisc add dev veth0 root tbf "$@"
}
shape rate 1mbit burst 10kb limit 10kb || tap_skip_all "no tbf"

refused()
{
	ip netns exec $a tc -s qdisc show dev veth0 | sed -n 's/.*(dropped \([0-9]*\),.*/\1/p'
}

# Prints why received segments were discarded, as REASON=NUMBER, or 0 if none was. TIME_WAIT
# does not count: the last ACK waits in the shared queue, and a peer that retransmits its FIN
# meanwhile gets two ACKs and answers the second with a RST, which TIME-WAIT must discard
# (RFC 1337).
discarded()
{
	local ns

	for ns in $a $b; do
		ip netns exec $ns cat /proc/net/xtcp_stat 2>/dev/null
	done | awk '/^XtcpDrop:/ {
			if ($2 !~ /^[0-9]/) { split($0, name); next }
			for (i = 2; i <= NF; i++)
				if ($i > 0 && name[i] != "TIME_WAIT") printf "%s=%d ", name[i], $i
		}' | grep . || echo 0
}

size=3000000
[ "$XTCP_VIRTUAL_TIME" = 1 ] || size=300000

port=7000
send() # STACK FILE: one transfer, from the shaped host; its rate in kbit/s
{
	local server

	ip netns exec $b tools/xfer kernel server "$port" $size & server=$!
	# The RST of a refused SYN is a discarded segment, too.
	listening tcp "$port" ip netns exec $b || { kill $server; return 1; }
	XFER_INFO=1 XFER_RATE=1 ip netns exec $a timeout 200 tools/xfer "$1" client 10.7.0.2 \
		"$port" $size up >"$out/$2" || { kill $server; return 1; }
	wait $server
}

one() # STACK KBIT/S-AT-LEAST REFUSED-AT-MOST
{
	send "$1" one || return 1
	read -r _ _ _ again _ _ rate < <(tr '\n' ' ' <"$out/one")
	echo "$rate kbit/s, again $again, refused $(refused), discarded $(discarded)"
	[ "$rate" -ge "$2" ] || [ "$XTCP_VIRTUAL_TIME" != 1 ] || return 1
	[ "$(refused)" -le "$3" ] && [ "$again" -le "$3" ] && [ "$(discarded)" = 0 ]
}

# No flow starves the other: the one that is done first had at most the given rate.
two() # STACK STACK KBIT/S-AT-MOST REFUSED-AT-MOST
{
	local first rate

	send "$1" first & first=$!
	port=$((port + 1))
	send "$2" second || { wait $first; return 1; }
	wait $first || return 1
	rate=$(grep -hv ecn "$out/first" "$out/second" | sort -n | tail -n 1)
	echo "$rate kbit/s, refused $(refused), discarded $(discarded)"
	[ "$rate" -le "$3" ] || [ "$XTCP_VIRTUAL_TIME" != 1 ] || return 1
	[ "$(refused)" -le "$4" ] && [ "$(discarded)" = 0 ]
}

# Least kbit/s and most refusals; the kernel's TCP has at most half as many.
rows=(
	"rate 10mbit burst 10kb limit 1mb|9500 0"
	"rate 10mbit burst 10kb limit 100kb|9500 60"
	"rate 10mbit burst 10kb limit 30kb|9500 60"
	"rate 10mbit burst 10kb limit 20kb|9500 60"
	"rate 10mbit burst 1600 limit 100kb|9500 60"
	"rate 100mbit burst 100kb limit 1mb|95000 0"
	"rate 100mbit burst 20kb limit 100kb|90000 60"
)
[ "$XTCP_VIRTUAL_TIME" = 1 ] || rows=("${rows[2]}" "${rows[4]}")
own=() pairs=()
for s in $stacks; do
	[ "$s$XTCP_NO_CONTROL" = kernel1 ] || own+=("$s")
	pairs+=("kernel $s")
done
[ "$stacks" = kernel ] || pairs+=("xtcp xtcp")
tap_plan $((${#rows[@]} * ${#own[@]} + ${#pairs[@]}))
for r in "${rows[@]}"; do
	for s in "${own[@]}"; do
		# shellcheck disable=SC2086
		shape ${r%|*} || exit 1
		port=$((port + 1))
		# shellcheck disable=SC2086
		tap "$s, ${r%|*}" one "$s" ${r#*|}
	done
done
for p in "${pairs[@]}"; do
	shape rate 10mbit burst 10kb limit 30kb || exit 1
	port=$((port + 2))
	# shellcheck disable=SC2086
	tap "$p, one queue" two $p 8200 300
done
tap_end
