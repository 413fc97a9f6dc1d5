#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# container.sh NAMESPACE PROGRAM [ARGUMENT...]
#
# Runs a program over XTCP in a network namespace. The same two things put a container
# on XTCP: the library in its file system, and two variables in its environment. For
# docker or podman:
#
#	docker run -v /usr/lib/xtcp:/usr/lib/xtcp:ro \
#		-e LD_PRELOAD=/usr/lib/xtcp/xtcp_preload.so -e XTCP_FALLBACK=1 nginx
#
# A static program, or one in Go, is started by xtcp_run in the container instead:
# Documentation/running.rst has the commands.
#
# The module is loaded on the host (modprobe xtcp); a container cannot do that. The image
# needs glibc 2.34 or newer: Debian 12, not Alpine. The container's own seccomp filter
# must allow family 22; if it does not, XTCP_FALLBACK keeps the program on the kernel's
# TCP. Each namespace has its own net.xtcp.enabled, which is that of the host at first.
ns=$1
shift
exec ip netns exec "$ns" env LD_PRELOAD=/usr/lib/xtcp/xtcp_preload.so XTCP_FALLBACK=1 "$@"
