#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Containers as they are on any host: two of them on a bridge, behind one address
# by NAT, with a port of the host's forwarded to one. Which TCP is at which end
# makes no difference.

cd "$(dirname "$0")" || exit 1
. ./tap.sh
. ./hosts.sh

need_stacks veth bridge

out=xtcp-o-$$ host=xtcp-h-$$ c1=xtcp-1-$$ c2=xtcp-2-$$
cleanup()
{
	local ns
	for ns in $out $host $c1 $c2; do
		ip netns del $ns 2>/dev/null
	done
}
trap cleanup EXIT
container() # NAMESPACE ADDRESS DEVICE
{
	ip link add "$3" netns $host type veth peer name eth0 netns "$1" &&
	ip -n $host link set "$3" master br0 && ip -n $host link set "$3" up &&
	ip -n "$1" addr add "$2/24" dev eth0 && ip -n "$1" link set eth0 up &&
	ip -n "$1" link set lo up && ip -n "$1" route add default via 172.18.0.1
}
{
	ip netns add $out && ip netns add $host && ip netns add $c1 && ip netns add $c2 &&
	ip link add eth0 netns $host type veth peer name eth0 netns $out &&
	ip -n $host addr add 10.5.0.1/24 dev eth0 && ip -n $host link set eth0 up &&
	ip -n $host link set lo up &&
	ip -n $out addr add 10.5.0.2/24 dev eth0 && ip -n $out link set eth0 up &&
	ip -n $host link add br0 type bridge && ip -n $host link set br0 up &&
	ip -n $host addr add 172.18.0.1/24 dev br0 &&
	container $c1 172.18.0.2 v1 && container $c2 172.18.0.3 v2 &&
	ip netns exec $host sysctl -qw net.ipv4.ip_forward=1
} || tap_skip_all "no namespaces, veth or bridge"
ip netns exec $host nft '
	add table ip nat
	add chain ip nat post { type nat hook postrouting priority 100; }
	add rule ip nat post ip saddr 172.18.0.0/24 oifname eth0 masquerade
	add chain ip nat pre { type nat hook prerouting priority -100; }
	add rule ip nat pre iifname eth0 tcp dport 8080 dnat to 172.18.0.2:7000
	add chain ip nat own { type nat hook output priority -100; }
	add rule ip nat own ip daddr 10.5.0.1 tcp dport 8080 dnat to 172.18.0.2:7000
	add table ip f
	add chain ip f fw { type filter hook forward priority 0; policy drop; }
	add rule ip f fw ct state invalid counter
	add rule ip f fw ct state established,related accept
	add rule ip f fw iifname br0 accept
	add rule ip f fw ct status dnat accept' || tap_skip_all "no nftables with NAT"
# Addresses are found before the clock counts.
ip netns exec $c1 ping -qc 1 -w 5 10.5.0.2 >/dev/null 2>&1

size=1000000
[ "$XTCP_VIRTUAL_TIME" = 1 ] || size=100000

# Where the server is, who calls it, and by which address.
transfer() # SERVER-NS CLIENT-NS ADDRESS PORT SERVER-STACK CLIENT-STACK
{
	local server d
	ip netns exec "$1" ./xfer "$5" server 7000 $size 2 & server=$!
	sleep 0.3
	for d in up down; do
		ip netns exec "$2" timeout 100 ./xfer "$6" client "$3" "$4" $size $d ||
			{ kill $server; return 1; }
	done
	wait $server
}

none_invalid()
{
	ip netns exec $host nft list chain ip f fw | tee /dev/stderr |
		grep -q "invalid counter packets 0 "
}

rows=(
	"from outside to a forwarded port|$c1 $out 10.5.0.1 8080"
	"from the host to a forwarded port|$c1 $host 10.5.0.1 8080"
	"from a container to the outside|$out $c2 10.5.0.2 7000"
	"from container to container|$c1 $c2 172.18.0.2 7000"
	"from a container to its host|$host $c1 172.18.0.1 7000"
)
stack_pairs
tap_plan $((${#rows[@]} * ${#pairs[@]} + 1))
for r in "${rows[@]}"; do
	for p in "${pairs[@]}"; do
		# shellcheck disable=SC2086
		tap "${r%%|*}: server and client are $p" transfer ${r#*|} $p
	done
done
tap "conntrack followed them all" none_invalid

# TIME-WAIT does not hold the module; who still waits for a FIN would.
sleep 1
tap_end
