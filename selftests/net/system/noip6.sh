#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A host without IPv6 (scripts/vm -a ipv6.disable=1): the module loads, IPv4 works, and
# IPv6 sockets are refused with the kernel's error.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh
. lib/hosts.sh

[ ! -e /proc/net/if_inet6 ] || tap_skip_all "this kernel has IPv6"
need_stacks

transfer() # SERVER-STACK CLIENT-STACK
{
	local server d
	tools/xfer "$1" server 7000 100000 2 & server=$!
	for d in up down; do
		timeout 60 tools/xfer "$2" client 127.0.0.1 7000 100000 $d ||
			{ kill $server; return 1; }
	done
	wait $server
}

refused() # FAMILY PROTOCOL
{
	python3 - "$1" "$2" <<-'EOF'
	import errno, socket, sys
	try:
	    socket.socket(int(sys.argv[1]), socket.SOCK_STREAM, int(sys.argv[2]))
	except OSError as e:
	    sys.exit(e.errno != errno.EAFNOSUPPORT)
	sys.exit(1)
	EOF
}

stack_pairs
tap_plan $((${#pairs[@]} + 4))
for p in "${pairs[@]}"; do
	# shellcheck disable=SC2086
	tap "over IPv4 server and client are $p" transfer $p
done
tap "the kernel has no AF_INET6" refused 10 0
tap "nor has IPPROTO_XTCP" refused 10 253
tap "nor has AF_XTCP" refused 22 "$(sed -n 's/^#define XTCP_V6[^0-9]*\([0-9]*\).*/\1/p' \
	../../include/uapi/linux/xtcp.h)"
tap "no file for it" test ! -e /proc/net/xtcp6
tap_end
