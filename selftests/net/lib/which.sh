# SPDX-License-Identifier: GPL-2.0
# What tools/which prints, which is linked statically, where its sockets are moved to XTCP.
# shellcheck shell=bash disable=SC2034 # other scripts use it
moved="inet xtcp
inet-tcp xtcp
inet-flags xtcp
inet6 xtcp
inet6-tcp xtcp
inet-udp 17
inet-mptcp xtcp
unix 0
talks hello"
