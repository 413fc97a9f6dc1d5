# SPDX-License-Identifier: GPL-2.0
# Hosts for shell tests that need a line between two of them; sourced after tap.sh.

# need_stacks MODULE...: needs root and modules of the kernel; sets $stacks to the
# available TCPs.
need_stacks()
{
	local m

	[ "$(id -u)" = 0 ] || tap_skip_all "needs root"
	for m in "$@"; do
		modprobe -q "$m"
	done
	stacks="kernel"
	if [ -e /proc/net/xtcp ]; then
		stacks="kernel xtcp"
	elif [ "$XTCP_REQUIRED" = 1 ]; then
		echo "1..1"
		echo "not ok 1 module is loaded"
		exit 1
	fi
}

# stack_pairs: sets $pairs, "SERVER CLIENT" of $stacks, without the kernel's TCP at both
# ends if XTCP_NO_CONTROL says so.
stack_pairs()
{
	local s c

	pairs=()
	for s in $stacks; do
		for c in $stacks; do
			[ "$s$c$XTCP_NO_CONTROL" = kernelkernel1 ] || pairs+=("$s $c")
		done
	done
}

a=xtcp-a-$$ b=xtcp-b-$$

# two_hosts: namespaces $a and $b, 10.7.0.1 and 10.7.0.2 on their veth0. The caller's
# trap calls no_hosts.
two_hosts()
{
	{
		ip netns add $a && ip netns add $b &&
		ip link add veth0 netns $a type veth peer name veth0 netns $b &&
		ip -n $a addr add 10.7.0.1/24 dev veth0 && ip -n $a link set veth0 up &&
		ip -n $b addr add 10.7.0.2/24 dev veth0 && ip -n $b link set veth0 up
	} || tap_skip_all "no namespaces or veth"
}

no_hosts() { ip netns del $a; ip netns del $b; }
