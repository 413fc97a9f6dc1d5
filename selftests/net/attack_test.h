/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of the attack tests, which are wire tests whose peer is an attacker.
 * What the attack must not reach is said by defended(). The kernel's TCP goes
 * through the same; where it gives way, that is printed and no failure.
 */
#ifndef XTCP_ATTACK_TEST_H
#define XTCP_ATTACK_TEST_H

#include <stdio.h>

#include "wire_test.h"

#define ST_ESTABLISHED	1
#define ST_SYN_SENT	2
#define ST_SYN_RECEIVED	3
#define ST_FIN_WAIT_1	4
#define ST_FIN_WAIT_2	5
#define ST_TIME_WAIT	6
#define ST_CLOSE_WAIT	8
#define ST_LAST_ACK	9
#define ST_CLOSING	11

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

/* Challenge ACKs of one connection are half a second apart, at least. */
#define next_challenge()	sleep_ms(600)

#endif /* XTCP_ATTACK_TEST_H */
