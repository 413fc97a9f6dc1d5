#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two hosts and a router that marks packets: RED before a line of 10 Mbit/s. With ECN
# nothing is lost, so nothing is retransmitted, and the sender learns of the marks;
# without ECN the same router drops packets. Each TCP at each end, and XTCP at both
# with AccECN.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh
. lib/hosts.sh

need_stacks veth sch_tbf sch_red

r=xtcp-r-$$
cleanup() { no_hosts; ip netns del $r; }
trap cleanup EXIT
# a - 10.7.0.0/24 - r - 10.7.1.0/24 - b
{
	ip netns add $a && ip netns add $b && ip netns add $r &&
	ip link add veth0 netns $a type veth peer name veth0 netns $r &&
	ip link add veth0 netns $b type veth peer name veth1 netns $r &&
	ip -n $a addr add 10.7.0.1/24 dev veth0 && ip -n $a link set veth0 up &&
	ip -n $b addr add 10.7.1.2/24 dev veth0 && ip -n $b link set veth0 up &&
	ip -n $r addr add 10.7.0.9/24 dev veth0 && ip -n $r link set veth0 up &&
	ip -n $r addr add 10.7.1.9/24 dev veth1 && ip -n $r link set veth1 up &&
	ip -n $a route add default via 10.7.0.9 &&
	ip -n $b route add default via 10.7.1.9 &&
	ip netns exec $r sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
} || tap_skip_all "no namespaces or veth"
{
	ip netns exec $r tc qdisc add dev veth1 root handle 1: tbf \
		rate 10mbit burst 10kb limit 1mb &&
	ip netns exec $r tc qdisc add dev veth1 parent 1:1 handle 2: red ecn \
		limit 600000 min 40000 max 120000 avpkt 1500 burst 30 \
		probability 0.2 bandwidth 10mbit
} || tap_skip_all "no tbf or red"

# Set tcp_ecn of both TCPs, on both hosts.
ecn() # XTCP KERNEL
{
	local ns
	for ns in $a $b; do
		ip netns exec $ns sh -c "echo $2 >/proc/sys/net/ipv4/tcp_ecn"
		[ "$stacks" = kernel ] ||
			ip netns exec $ns sh -c "echo $1 >/proc/sys/net/xtcp/ecn"
	done
}

ce_packets() { # received with CE, by IP of the server's side
	ip netns exec $b awk '/^IpExt:/ {
		if (!n) { n = split($0, name) } else
			for (i = 1; i <= n; i++) if (name[i] == "InCEPkts") print $i
	}' /proc/net/netstat
}

# In real time an emulated host is late by an unknown time, so a few tail loss probes
# may be needless; and fewer bytes must suffice.
size=3000000 most=0 port=7000
[ "$XTCP_VIRTUAL_TIME" = 1 ] || size=1000000 most=3
transfer() # SERVER-STACK CLIENT-STACK: sets ecn, again, marked, ce
{
	local server before word
	port=$((port + 1))
	before=$(ce_packets)
	ip netns exec $b tools/xfer "$1" server $port $size &
	server=$!
	word=$(XFER_INFO=1 ip netns exec $a timeout 500 tools/xfer "$2" client 10.7.1.2 \
		$port $size up) || { kill $server; return 1; }
	wait $server || return 1
	read -r _ ecn _ again _ marked <<<"$word"
	ce=$(($(ce_packets) - before))
	echo "ecn $ecn, sent again $again, reported as marked $marked, arrived so $ce"
}

with_ecn() # SERVER-STACK CLIENT-STACK
{
	transfer "$1" "$2" &&
		[ "$ecn" = 1 ] && [ "$again" -le $most ] && [ "$marked" -gt 0 ] && [ $ce -gt 0 ]
}

without_ecn()
{
	transfer "$1" "$2" &&
		[ "$ecn" = 0 ] && [ "$again" -gt 0 ] && [ "$marked" = 0 ] && [ $ce = 0 ]
}

stack_pairs
accurate=0
[ "$stacks" = kernel ] || accurate=1
tap_plan $((2 * ${#pairs[@]} + accurate))
for p in "${pairs[@]}"; do
	read -r s c <<<"$p"
	ecn 1 1
	tap "ECN, $c client, $s server" with_ecn "$s" "$c"
	ecn 0 0
	tap "no ECN, $c client, $s server" without_ecn "$s" "$c"
done
if [ $accurate = 1 ]; then
	ecn 3 0
	tap "AccECN, xtcp client, xtcp server" with_ecn xtcp xtcp
fi
tap_end
