#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ICMP redirects. Two routers are on one line; host a uses r1, which redirects it to
# r2. A connection goes on over r2, whether a or b opened it, over both families; if a
# does not accept redirects, it stays with r1.
#
#	a -+- r1
#	   +- r2 --- b

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh
. lib/hosts.sh

need_stacks veth bridge sch_netem

lan=xtcp-l-$$ r1=xtcp-1-$$ r2=xtcp-2-$$
cleanup()
{
	local ns
	for ns in $a $b $lan $r1 $r2; do
		ip netns del $ns 2>/dev/null
	done
}
trap cleanup EXIT

# IPv6 redirects name routers by link-local addresses, so these are configured, too.
plug() # NAMESPACE NUMBER: connect the namespace to the line
{
	ip link add "p$2" netns $lan type veth peer name eth0 netns "$1" &&
	ip -n $lan link set "p$2" master br0 && ip -n $lan link set "p$2" up &&
	ip -n "$1" link set eth0 addrgenmode none && ip -n "$1" link set eth0 up &&
	ip -n "$1" addr add "10.5.0.$2/24" dev eth0 &&
	ip -n "$1" addr add "fe80::$2/64" dev eth0 nodad &&
	ip -n "$1" addr add "fd00:5::$2/64" dev eth0 nodad
}
{
	for ns in $a $b $lan $r1 $r2; do
		ip netns add $ns && ip -n $ns link set lo up || break
	done
	ip -n $lan link add br0 type bridge && ip -n $lan link set br0 up &&
	plug $a 1 && plug $r1 11 && plug $r2 12 &&
	ip link add eth1 netns $r2 type veth peer name eth0 netns $b &&
	ip -n $r2 addr add 10.6.0.1/24 dev eth1 && ip -n $r2 link set eth1 up &&
	ip -n $r2 addr add fd00:6::1/64 dev eth1 nodad &&
	ip -n $b addr add 10.6.0.2/24 dev eth0 && ip -n $b link set eth0 up &&
	ip -n $b addr add fd00:6::2/64 dev eth0 nodad &&
	ip -n $r1 route add 10.9.0.0/24 via 10.5.0.12 &&
	ip -n $r1 route add fd00:9::/64 via fe80::12 dev eth0 &&
	ip -n $r2 route add 10.9.0.0/24 via 10.6.0.2 &&
	ip -n $r2 route add fd00:9::/64 via fd00:6::2
} || tap_skip_all "no namespaces, veth or bridge"
# Slow enough for several redirects per transfer: the first may be lost because
# connect() holds the socket.
ip netns exec $r2 tc qdisc add dev eth1 root netem rate 10mbit || tap_skip_all "no netem"
for ns in $r1 $r2; do
	ip netns exec $ns sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
done
ip netns exec $r1 nft '
	add table inet f
	add chain inet f fw { type filter hook forward priority 0; }
	add rule inet f fw meta l4proto tcp counter' || tap_skip_all "no nftables"

size=1000000 row=0
# Each connection has its own addresses, so that it does not profit from earlier
# redirects.
connect() # STACK-OF-A here|there
{
	local here there first second bits net server

	if [ -n "$XFER_V6" ]; then
		here=fd00:5::20$row there=fd00:9::$row first="fe80::11 dev eth0"
		second=fd00:6::1 bits=128 net=64
	else
		here=10.5.0.$((100 + row)) there=10.9.0.$row first=10.5.0.11
		second=10.6.0.1 bits=32 net=24
	fi
	# shellcheck disable=SC2086
	ip -n $a addr add $here/$net dev eth0 ${XFER_V6:+nodad} &&
		ip -n $b addr add $there/$bits dev lo &&
		ip -n $a route add $there/$bits via $first src $here &&
		ip -n $b route add $here/$bits via $second src $there || return 1
	ip netns exec $r1 nft '
		flush chain inet f fw
		add rule inet f fw meta l4proto tcp counter'
	if [ "$2" = here ]; then
		ip netns exec $b tools/xfer kernel server 7000 $size & server=$!
		ip netns exec $a timeout 100 tools/xfer "$1" client $there 7000 $size up
	else
		ip netns exec $a tools/xfer "$1" server 7000 $size & server=$!
		ip netns exec $b timeout 100 tools/xfer kernel client $here 7000 $size down
	fi || { kill $server; return 1; }
	wait $server
}

# Bytes that r1 has forwarded.
by_first()
{
	ip netns exec $r1 nft list chain inet f fw | sed -n 's/.* bytes //p'
}

# A redirect that arrives while a system call holds the socket is lost. Another follows,
# over IPv6 a second later; with slow programs that may happen several times.
most=$((size / 2))
[ "$XTCP_VIRTUAL_TIME" = 1 ] || { size=3000000 most=3000000; }
goes_over() # STACK here|there
{
	connect "$@" && echo "$(by_first) bytes by way of the first router" &&
		[ "$(by_first)" -gt 0 ] && [ "$(by_first)" -lt $most ]
}

stays() # STACK here|there
{
	connect "$@" && echo "$(by_first) bytes by way of the first router" &&
		[ "$(by_first)" -gt $size ]
}

accept() # 0|1
{
	ip netns exec $a sysctl -qw net.ipv4.conf.{all,eth0}.accept_redirects="$1" \
		net.ipv6.conf.eth0.accept_redirects="$1"
}

own=()
for s in $stacks; do
	[ "$s$XTCP_NO_CONTROL" = kernel1 ] || own+=("$s")
done
tap_plan $((${#own[@]} * 6))
for s in "${own[@]}"; do
	for XFER_V6 in "" 1; do
		[ -n "$XFER_V6" ] && export XFER_V6 || unset XFER_V6
		for t in "1 goes_over here" "1 goes_over there" "0 stays here"; do
			read -r heed what where <<<"$t"
			row=$((row + 1))
			accept "$heed"
			tap "$s, opened $where, $what${XFER_V6:+, over IPv6}" \
				"$what" "$s" "$where"
		done
	done
done
tap_end
