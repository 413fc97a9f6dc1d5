/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Macros of the attack tests: wire tests whose peer is an attacker. defended()
 * states what the attack must not break. The kernel's TCP runs the same tests;
 * where it gives way, that is printed and is no failure.
 */
#ifndef XTCP_ATTACK_TEST_H
#define XTCP_ATTACK_TEST_H

#include <stdio.h>
#include <time.h>

#include "wire_test.h"

/* attack/bites looks for "gives way". */
#define defended(what, holds) do {					\
	static bool _said;	/* print "holds" once */		\
	bool _holds = (holds);						\
	if (!_holds || (W->stack == KERNEL && !_said))			\
		printf("# %s: %s: %s%s%s\n", stack_name(W->stack),	\
		       _holds ? "holds" : "gives way", W->doing ?: "",	\
		       W->doing ? ": " : "", (what));			\
	fflush(stdout);							\
	_said = true;							\
	if (W->stack == XTCP)						\
		ASSERT_TRUE(_holds);					\
} while (0)

/* The program has nothing to read. */
#define unread() ({							\
	char _byte;							\
	recv(self->fd, &_byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;	\
})

/* ms after which a reaction must have come. */
#define SETTLE	(virtual_time() ? QUIET : 300)

/* Does a SYN-ACK come to @port? Skips segments to other ports, such as retransmissions. */
static inline bool answered(struct wire *w, uint16_t port)
{
	while (wire_get(w, 1000))
		if (w->got.dport == port)
			return w->got.flags == (SYN | ACK) && w->got.ack == 1;
	return false;
}

/* ---- what a segment costs the host ---- */

#define SAMPLES	50

/*
 * Median cost of sending @s to the tested TCP: ns of one write() to the device, which
 * in virtual time is the number of instructions. @port: if not 0, the n-th segment
 * comes from port @port + n of a new flow.
 */
static inline int64_t cost(struct wire *w, const struct wseg *s, uint16_t port)
{
	int64_t ns[SAMPLES], t;
	struct timespec ts;
	int j;

	for (int i = 0; i < SAMPLES; i++) {
		wire_drain(w, 0);
		if (port)
			wire_reset(w, port + i);
		clock_gettime(CLOCK_MONOTONIC, &ts);
		t = -(ts.tv_sec * 1000000000LL + ts.tv_nsec);
		wire_in(w, s);
		clock_gettime(CLOCK_MONOTONIC, &ts);
		t += ts.tv_sec * 1000000000LL + ts.tv_nsec;
		for (j = i; j > 0 && ns[j - 1] > t; j--)
			ns[j] = ns[j - 1];
		ns[j] = t;
	}
	return ns[SAMPLES / 2];
}

static inline int64_t syn_cost(struct wire *w, uint16_t port)
{
	return cost(w, &(struct wseg){ .flags = SYN, MSS(1460), SACKOK, TS(1000, 0) }, port);
}

/*
 * @now must exceed @alone by less than a thirtieth. Both are results of cost(), which
 * include the segment's way through all of IP.
 */
#define same_cost(what, alone, now) do {				\
	int64_t _now = (now);						\
	printf("# %s: %s: %d, alone %d\n", stack_name(W->stack), (what),	\
	       (int)_now, (int)(alone));				\
	fflush(stdout);							\
	ASSERT_LT(_now, (alone) + (alone) / 30);			\
} while (0)

#endif /* XTCP_ATTACK_TEST_H */
