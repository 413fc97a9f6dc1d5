// SPDX-License-Identifier: GPL-2.0
/*
 * Selective acknowledgements we send: RFC 2018, RFC 2883.
 */
#include "harness.h"

#define OPEN	"connect space 60000\n> S 0\n< SA 0 ack 1 mss 1000 wnd 60000 sackok\n> A 1 sack none\n"
#define OPEN_TS	"connect space 60000\n> S 0\n< SA 0 ack 1 mss 1000 wnd 60000 sackok ts 0xffffff00 0\n> A 1 sack none\n"
#define OPEN_NO	"connect space 60000\n> S 0\n< SA 0 ack 1 mss 1000 wnd 60000\n> A 1\n"

static const struct script sack[] = {
	{ "not agreed on: not sent", OPEN_NO "< A 101+100\n> A 1 ack 1 sack none\n< A 101+100\n> A 1 ack 1 sack none\n" },
	{ "not offered: not sent", "par sack 0\n" OPEN "< A 101+100\n> A 1 ack 1 sack none\n" },
	{ "one hole", OPEN "< A 101+100\n> A 1 ack 1 sack 101-201\n" },
	{ "a run grows", OPEN "< A 101+100\n> A 1 sack 101-201\n< A 201+100\n> A 1 sack 101-301\n< A 51+50\n> A 1 sack 51-301\n" },
	{ "the newest first, the others behind it", OPEN "< A 101+10\n> A 1\n< A 201+10\n> A 1 sack 201-211,101-111\n"
	  "< A 301+10\n> A 1 sack 301-311,201-211,101-111\n< A 401+10\n> A 1 sack 401-411,301-311,201-211,101-111\n" },
	{ "four and no more", OPEN "< A 101+10\n> A 1\n< A 201+10\n> A 1\n< A 301+10\n> A 1\n< A 401+10\n> A 1\n"
	  "< A 501+10\n> A 1 sack 501-511,401-411,301-311,201-211 hdr 56\n" },
	{ "three beside a timestamp", OPEN_TS "< A 101+10 ts 0xffffff00 0\n> A 1\n< A 201+10 ts 0xffffff00 0\n> A 1\n< A 301+10 ts 0xffffff00 0\n> A 1\n"
	  "< A 401+10 ts 0xffffff00 0\n> A 1 sack 401-411,301-311,201-211 hdr 60\n" },
	{ "an older run that grows moves to the front", OPEN "< A 101+10\n> A 1\n< A 201+10\n> A 1\n< A 111+10\n> A 1 sack 101-121,201-211\n" },
	{ "two runs joined are one", OPEN "< A 101+10\n> A 1\n< A 121+10\n> A 1\n< A 111+10\n> A 1 sack 101-131\n" },
	{ "a hole filled, another left", OPEN "< A 101+10\n> A 1\n< A 201+10\n> A 1\n< A 1+100\n> A 1 ack 111 sack 201-211\n" },
	{ "all holes filled", OPEN "< A 101+10\n> A 1\n< A 1+100\n> A 1 ack 111 sack none\n" },
	{ "before payload, which has no room for it", OPEN "< A 101+10\n> A 1\nwrite 500\n> PA 1+500\n< A 201+10 ack 1\n"
	  "> A 501 sack 201-211,101-111\n" },
	{ "received twice: told once (RFC 2883)", OPEN "< A 1+100\n> A 1 ack 101\n< A 1+100\n> A 1 ack 101 sack 1-101\n"
	  "< A 201+100\n> A 1 sack 201-301\n" },
	{ "partly received twice", OPEN "< A 1+100\n> A 1 ack 101\n< A 51+100\n> A 1 ack 151 sack 51-101\n" },
	{ "partly received twice, out of order (RFC 2883, 4.2)", OPEN "< A 1+100\n> A 1 ack 101\n< A 201+100\n> A 1\n"
	  "< A 201+150\n> A 1 ack 101 sack 201-301,201-351\nmib TCPDSACKOfoSent TCPOFOQueue\n" },
	{ "the end of it is held", OPEN "< A 201+100\n> A 1\n< A 151+100\n> A 1 ack 1 sack 201-251,151-301\n" },
	{ "of two ranges received twice the first is told", OPEN "< A 201+50\n> A 1\n< A 301+50\n> A 1\n"
	  "< A 151+300\n> A 1 ack 1 sack 201-251,151-451\n" },
	{ "in order, over data that is held", OPEN "< A 101+100\n> A 1\n< A 1+300\n> A 1 ack 301 sack 101-201\n" },
	{ "in order, into data that is held", OPEN "< A 101+100\n> A 1\n< A 301+10\n> A 1\n< A 1+150\n> A 1 ack 201 sack 101-151,301-311\n" },
	{ "below RCV.NXT and again above it: the first is told", OPEN "< A 1+100\n> A 1 ack 101\n< A 201+100\n> A 1\n"
	  "< A 51+300\n> A 1 ack 351 sack 51-101\n" },
	{ "it touches what is held: no duplicate", OPEN "< A 201+100\n> A 1\n< A 101+100\n> A 1 sack 101-301\n< A 301+10\n> A 1 sack 101-311\n" },
	{ "twice inside of a run: the duplicate, then the run", OPEN "< A 101+100\n> A 1\n< A 301+10\n> A 1\n"
	  "< A 121+20\n> A 1 sack 121-141,101-201,301-311\n< A 401+10\n> A 1 sack 401-411,101-201,301-311\n" },
	{ "twice, and all of a run: both", OPEN "< A 201+100\n> A 1\n< A 201+100\n> A 1 sack 201-301,201-301\n" },
	{ "duplicates are not told of", "par dsack 0\n" OPEN "< A 1+100\n> A 1 ack 101\n< A 1+100\n> A 1 ack 101 sack none\n" },
	{ "nor a bare ACK of the past", OPEN "< A 1+100\n> A 1 ack 101\n< A 1\n> A 1 ack 101 sack none\n" },
	{ "the FIN with the run before it", OPEN "< FPA 101+100\n> A 1 ack 1 sack 101-202\n< A 1+50\n> A 1 ack 51 sack 101-202\n"
	  "< A 51+50\n> A 1 ack 202 sack none\n" },
	{ "a FIN by itself", OPEN "< FA 101\n> A 1 ack 1 sack 101-102\n< A 51+10\n> A 1 sack 51-61,101-102\n< A 61+40\n> A 1 sack 51-102\n" },
	{ "a listener agrees", "listen space 60000\n< S 0 mss 1000 sackok\n> SA 0 ack 1\n< A 1 ack 1\n< A 101+10\n> A 1 ack 1 sack 101-111\n" },
	{ "a listener was not asked", "listen space 60000\n< S 0 mss 1000\n> SA 0 ack 1\n< A 1 ack 1\n< A 101+10\n> A 1 ack 1 sack none\n" },
};
SCRIPTS(sack);
