// SPDX-License-Identifier: GPL-2.0
/*
 * Prints 1 where time is virtual, 0 where it is real: in virtual time an
 * instruction takes exactly a power of two of nanoseconds, every time, and
 * there is one CPU. No real machine is so even.
 */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "lib.h"

#define ROUNDS	4000000ULL	/* of two instructions */

static uint64_t timed_loop(void)
{
	uint64_t start = now_us();
#ifdef __x86_64__
	uint64_t n = ROUNDS;

	asm volatile("1: dec %0\n\tjnz 1b" : "+r" (n) : : "cc");
#endif
	return (now_us() - start) * 1000;
}

int main(void)
{
	int shift = -1, i, s;

	for (i = 0; i < 4; i++) {
		uint64_t ns = timed_loop();

		for (s = 0; s <= 10; s++) {
			uint64_t want = (2 * ROUNDS) << s;

			if (ns >= want - want / 50 && ns <= want + want / 50)
				break;
		}
		if (s > 10 || (shift >= 0 && s != shift))
			break;
		shift = s;
	}
	printf("%d\n", i == 4 && sysconf(_SC_NPROCESSORS_ONLN) == 1);
	return 0;
}
