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

#endif /* XTCP_ATTACK_TEST_H */
