/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of the attack tests, which are wire tests whose peer is an attacker.
 * What the attack must not reach is said by defended(). The kernel's TCP goes
 * through the same; where it gives way, that is printed and no failure.
 */
#ifndef XTCP_ATTACK_TEST_H
#define XTCP_ATTACK_TEST_H

#include <stdio.h>
#include <time.h>

#include "wire_test.h"

/* attack-bites looks for "gives way". */
#define defended(what, holds) do {					\
	static bool _said;	/* that it holds need not be said twice */ \
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

/* Nothing of what was sent reached the program. */
#define unread() ({							\
	char _byte;							\
	recv(self->fd, &_byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;	\
})

/* Whatever comes has come by then, ms. */
#define SETTLE	(virtual_time() ? QUIET : 300)

/* Does a SYN-ACK come to @port? Those to others may be repeated meanwhile. */
static inline bool answered(struct wire *w, uint16_t port)
{
	while (wire_get(w, 1000))
		if (w->got.dport == port)
			return w->got.flags == (SYN | ACK) && w->got.ack == 1;
	return false;
}

/* ---- what a segment costs the host ---- */

#define SAMPLES	50

/* In virtual time a nanosecond is an instruction: of a segment's write(), the median. */
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

/* A thirtieth, of a segment that goes through all of IP. */
#define same_cost(what, alone, now) do {				\
	int64_t _now = (now);						\
	printf("# %s: %s: %d, alone %d\n", stack_name(W->stack), (what),	\
	       (int)_now, (int)(alone));				\
	fflush(stdout);							\
	ASSERT_LT(_now, (alone) + (alone) / 30);			\
} while (0)

#endif /* XTCP_ATTACK_TEST_H */
