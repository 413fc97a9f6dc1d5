#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two containers on a bridge, behind one address by NAT, with a port of the host
# forwarded to one of them; over IPv6 as well. Transfers work whichever TCP is at which
# end.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh
. lib/hosts.sh

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
address() # NAMESPACE DEVICE NUMBER-OF-NET NUMBER-OF-HOST
{
	ip -n "$1" addr add "${net4[$3]}.$4/24" dev "$2" &&
	ip -n "$1" addr add "${net6[$3]}::$4/64" dev "$2" nodad && ip -n "$1" link set "$2" up
}
net4=(10.5.0 172.18.0) net6=(fd00:5 fd00:18)

container() # NAMESPACE DEVICE NUMBER-OF-HOST
{
	ip link add "$2" netns $host type veth peer name eth0 netns "$1" &&
	ip -n $host link set "$2" master br0 && ip -n $host link set "$2" up &&
	address "$1" eth0 1 "$3" && ip -n "$1" link set lo up &&
	ip -n "$1" route add default via ${net4[1]}.1 &&
	ip -n "$1" route add default via ${net6[1]}::1
}
{
	ip netns add $out && ip netns add $host && ip netns add $c1 && ip netns add $c2 &&
	ip link add eth0 netns $host type veth peer name eth0 netns $out &&
	address $host eth0 0 1 && address $out eth0 0 2 && ip -n $host link set lo up &&
	ip -n $host link add br0 type bridge && address $host br0 1 1 &&
	container $c1 v1 2 && container $c2 v2 3 &&
	ip netns exec $host sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
} || tap_skip_all "no namespaces, veth or bridge"
ip netns exec $host nft '
	add table inet nat
	add chain inet nat post { type nat hook postrouting priority 100; }
	add rule inet nat post ip saddr 172.18.0.0/24 oifname eth0 masquerade
	add rule inet nat post ip6 saddr fd00:18::/64 oifname eth0 masquerade
	add chain inet nat pre { type nat hook prerouting priority -100; }
	add rule inet nat pre iifname eth0 tcp dport 8080 dnat ip to 172.18.0.2:7000
	add rule inet nat pre iifname eth0 tcp dport 8080 dnat ip6 to [fd00:18::2]:7000
	add chain inet nat own { type nat hook output priority -100; }
	add rule inet nat own ip daddr 10.5.0.1 tcp dport 8080 dnat ip to 172.18.0.2:7000
	add rule inet nat own ip6 daddr fd00:5::1 tcp dport 8080 dnat ip6 to [fd00:18::2]:7000
	add table inet f
	add chain inet f fw { type filter hook forward priority 0; policy drop; }
	add rule inet f fw ct state invalid counter
	add rule inet f fw ct state established,related accept
	add rule inet f fw iifname br0 accept
	add rule inet f fw ct status dnat accept' || tap_skip_all "no nftables with NAT"
# Resolve neighbours before the transfers are timed.
for h in 10.5.0.2 fd00:5::2; do
	ip netns exec $c1 ping -qc 1 -w 5 $h >/dev/null 2>&1
done

size=1000000
[ "$XTCP_VIRTUAL_TIME" = 1 ] || size=100000

# The server's namespace, the client's, and the address that the client uses.
transfer() # SERVER-NS CLIENT-NS ADDRESS PORT SERVER-STACK CLIENT-STACK
{
	local server d
	ip netns exec "$1" tools/xfer "$5" server 7000 $size 2 & server=$!
	sleep 0.3
	for d in up down; do
		ip netns exec "$2" timeout 100 tools/xfer "$6" client "$3" "$4" $size $d ||
			{ kill $server; return 1; }
	done
	wait $server
}

none_invalid()
{
	ip netns exec $host nft list chain inet f fw | tee /dev/stderr |
		grep -q "invalid counter packets 0 "
}

rows=(
	"from outside to a forwarded port|$c1 $out 0 1 8080"
	"from the host to a forwarded port|$c1 $host 0 1 8080"
	"from a container to the outside|$out $c2 0 2 7000"
	"from container to container|$c1 $c2 1 2 7000"
	"from a container to its host|$host $c1 1 1 7000"
)
stack_pairs
tap_plan $((${#rows[@]} * ${#pairs[@]} * 2 + 1))
for r in "${rows[@]}"; do
	read -r server client n h port <<<"${r#*|}"
	for p in "${pairs[@]}"; do
		# shellcheck disable=SC2086
		tap "${r%%|*}: server and client are $p" \
			transfer $server $client "${net4[n]}.$h" $port $p
		# shellcheck disable=SC2086
		XFER_V6=1 tap "${r%%|*}, over IPv6: server and client are $p" \
			transfer $server $client "${net6[n]}::$h" $port $p
	done
done
tap "conntrack followed them all" none_invalid

# Wait for the last FIN: unlike TIME-WAIT, a socket that waits for it holds the module.
sleep 1
tap_end
