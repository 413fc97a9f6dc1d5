// SPDX-License-Identifier: GPL-2.0
/*
 * The application's calls and options: RFC 9293 3.9.1, RFC 5681 4.1. How
 * cork, NODELAY and urgent data shape output is in test_output.c.
 */
#include "harness.h"

static const struct script app_calls[] = {
	{ "TCP_MAXSEG on the way", "established\nset maxseg 400\n= mss 400\nwrite 900\n> PA 1+900 pmss 400\n" },
	{ "a path that shrank, and grew", "established\nset path-mss 300\n= mss 300\nset path-mss 1400\n= mss 1000\n" },
	{ "QUICKACK answers what waits", "established\n= quickack 16\nset quickack 0\n< A 1+10\n> no\nset quickack 1\n"
	  "> A 1 ack 11\n< A 11+10\n> A 1 ack 21\n" },
	{ "idle longer than an RTO: cwnd starts again", "established\nwrite 10000\n> PA 1+10000\n< A 1 ack 10001\n"
	  "= cwnd 20000\n+ 200ms\nwrite 10\n> PA 10001+10\n= cwnd 20000\n< A 1 ack 10011\n+ 201ms\nwrite 20000\n"
	  "= cwnd 10000\n> A 10011+10000\n" },
	{ "not by knob", "par idle_restart 0\nestablished\nwrite 10000\n> PA 1+10000\n< A 1 ack 10001\n+ 5s\nwrite 20000\n"
	  "> PA 10001+20000\n" },
	{ "user timeout ends it", "established\nset user-timeout 1000\nwrite 10\n> PA 1+10\n~ 200001us\n> PA 1+10\n"
	  "~ 400002us\n> PA 1+10\n~ 399997us\n= state CLOSED\n= err TIMEDOUT\n" },
	{ "set on the way it counts from the first sending", "established\nwrite 10\n> PA 1+10\n+ 150ms\n"
	  "set user-timeout 160\n~ 10ms\n= err TIMEDOUT\n" },
	{ "progress restarts it", "established\nset user-timeout 300\nwrite 2000\n> PA 1+2000\n+ 150ms\n< A 1 ack 1001\n"
	  "~ 150ms\n= err TIMEDOUT\n" },
	{ "acknowledged: over", "established\nset user-timeout 300\nwrite 10\n> PA 1+10\n< A 1 ack 11\nno-timer\n" },
	{ "options in CLOSED are harmless", "established\n< R 1\nset keepalive 1\nset nodelay 1\nset user-timeout 5\nset cork 1\n"
	  "set maxseg 500\nset quickack 1\n> no\nno-timer\n" },
	{ "reading from CLOSED is harmless", "established\n< A 1+10\n> A 1\n< R 11\nread 10\n> no\n" },
};
SCRIPTS(app_calls);
