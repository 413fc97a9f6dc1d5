// SPDX-License-Identifier: GPL-2.0
/*
 * The window offered: RFC 9293 3.8.6.2.2 (MUST-39), SHLD-14, RFC 7323 2.
 */
#include "core.h"
#include "harness.h"

static const struct script rwnd[] = {
	{ "shrinks as data arrives unread", "established space 10000 max 10000\n< A 1+1000\n> A 1 ack 1001 wnd 9000\n"
	  "< A 1001+1000\n> A 1 ack 2001 wnd 8000\n" },
	{ "follows the reader by a segment, not by a byte",
	  "established space 10000 max 10000\n< A 1+1000\n> A 1 ack 1001 wnd 9000\nread 400\n> no\n< A 1001+1000\n"
	  "> A 1 ack 2001 wnd 8000\nread 700\n> no\n< A 2001+10\n> A 1 ack 2011 wnd 9090\n" },
	{ "does not open by a little", "established space 2000 max 2000\n< A 1+2000\n> A 1 ack 2001 wnd 0\nread 500\n> no\n"
	  "read 499\n> no\nread 1\n> A 1 ack 2001 wnd 1000\n" },
	{ "half of a small buffer is enough", "established space 600 max 600\n< A 1+600\n> A 1 ack 601 wnd 0\nread 299\n> no\n"
	  "read 1\n> A 1 ack 601 wnd 300\n" },
	{ "no update that gains less than the peer has", "established space 10000 max 10000\n< A 1+3000\n"
	  "> A 1 ack 3001 wnd 7000\nread 3000\n> no\n" },
	{ "the right edge never moves left (SHLD-14)", "established space 10000 max 10000\n< A 1+1000\n"
	  "> A 1 ack 1001 wnd 9000\nspace 2000\n< A 1001+1000\n> A 1 ack 2001 wnd 8000\n< A 2001+8000\n= got 10000\n"
	  "> A 1 ack 10001 wnd 0\n" },
	{ "grows with the buffer", "established space 10000 max 60000\nspace 30000\n< A 1+1000\n> A 1 ack 1001 wnd 29000\n" },
	{ "at most what the field can say", "established space 200000 max 200000\n< A 1+10\n> A 1 ack 11 wnd 65525\n"
	  "< A 11+990\n> A 1 ack 1001 wnd 65535\n" },
	{ "scaled, rounded so that no promise is taken back",
	  "established space 60000 max 1000000 ws 0\n< A 1+10\n> A 1 ack 11 wnd 3750\n" },
	{ "closed for as long as nobody reads (MAY-8)", "established space 1000 max 1000\n< A 1+1000\n"
	  "> A 1 ack 1001 wnd 0\n+ 3600s\n< A 1001+1\n> A 1 ack 1001 wnd 0\n+ 86400s\n< A 1001+1\n"
	  "> A 1 ack 1001 wnd 0\n= state ESTABLISHED\nread 1000\n> A 1 ack 1001 wnd 1000\n" },
	{ "no update after the FIN", "established space 2000 max 2000\n< A 1+1500\n> A 1 ack 1501\n< FA 1501+100\n> A 1 ack 1602\n"
	  "read 1600\n> no\n" },
};
SCRIPTS(rwnd);

UNIT(rwnd_field)
{
	CHECK_EQ(xtcp_window_field(65535, 0), 65535);
	CHECK_EQ(xtcp_window_field(65536, 0), 65535);
	CHECK_EQ(xtcp_window_field(65536, 1), 32768);
	CHECK_EQ(xtcp_window_field(1 << 30, 14), 65535);
	CHECK_EQ(xtcp_window_field(0, 14), 0);
}

/* Every state of edge, reader and buffer: promises hold, and are representable. */
UNIT(rwnd_pick_properties)
{
	struct xtcp_tcb tcb = { .rcv_mss = 1000 };
	u32 scale, wnd, used, space;

	for (scale = 0; scale <= 14; scale += 7)
		for (wnd = 0; wnd <= 60000; wnd += 997)
			for (used = 0; used <= wnd; used += 3989)
				for (space = 0; space <= 120000; space += 7919) {
					u32 unit = 1u << scale, pick, left = wnd - used;

					tcb.rcv_wscale = (u8)scale;
					tcb.rcv_wup = 0xfffffff0;
					tcb.rcv_wnd = wnd;
					tcb.rcv_nxt = tcb.rcv_wup + used;
					tcb.rcv_read = tcb.rcv_nxt;
					tcb.rcv_space = space;
					pick = xtcp_window_pick(&tcb);
					CHECK(pick % unit == 0);
					CHECK(pick >= left);
					CHECK(pick <= max(left + unit - 1, space));
					CHECK(pick >> scale <= 65535);
				}
}
