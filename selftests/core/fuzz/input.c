// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers from input bytes, trace and failure of a run, and the count of basic blocks.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

bool fuzz_trace;
u64 fuzz_work;

/*
 * The engine is compiled to call __sanitizer_cov_trace_pc() at each basic block. The
 * linker's --wrap is needed because libFuzzer has a function of that name, too.
 */
void __wrap___sanitizer_cov_trace_pc(void);
void __wrap___sanitizer_cov_trace_pc(void)
{
	fuzz_work++;
}

void fuzz_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void fuzz_fail(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "FINDING: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	fflush(NULL);
	abort();
}

/*
 * in_near - a sequence number close to one that matters
 * @in: input
 * @edge: sequence numbers that matter
 * @n: their number
 * @unit: a typical length, such as the MSS, bytes
 *
 * Takes one byte: the low half selects the edge, the high half the distance. With the
 * highest distance, four more bytes are an arbitrary number.
 *
 * Return: the sequence number.
 */
u32 in_near(struct fuzz_in *in, const u32 *edge, u32 n, u32 unit)
{
	u8 b = in_byte(in);
	const u32 off[] = {
		0, 1, (u32)-1, unit, 0u - unit, 2 * unit, 3 * unit, 0u - 2 * unit,
		unit / 2, unit - 1, unit + 1, 10 * unit, 0x3fffffff, 0x7fffffff,
		0x80000000,
	};
	u32 which = b >> 4;

	if (which == ARRAY_SIZE(off))
		return in_word(in);
	return edge[(b & 15) % n] + off[which];
}

/* A number of bytes, from one or three bytes of the input; @unit as above. */
u32 in_size(struct fuzz_in *in, u32 unit)
{
	u8 b = in_byte(in);
	u32 n = b & 31;

	switch (b >> 5) {
	case 0:
		return n;
	case 1:
		return unit * (n + 1);
	case 2:
		return unit * n + 1;
	case 3:
		return unit * (n + 1) - 1;
	case 4:
		return n << 6;
	case 5:
		return n << 11;
	case 6:
		return unit / 2 + n;
	default:
		return in_half(in);
	}
}

/* The next time, ns: usually a deadline, just before it, or some time later. */
u64 in_time(struct fuzz_in *in, u64 now, u64 deadline)
{
	u8 b = in_byte(in);
	u64 n = (b & 15) + 1;

	if (b < 0x80 && deadline == XTCP_NEVER)
		return now + n * MSEC;
	switch (b >> 4) {
	case 0:
	case 1:
	case 2:
	case 3:
		return max(now, deadline);
	case 4:
		return max(now, deadline - 1);
	case 5:
		return max(now, deadline) + n * MSEC;
	case 6:
		return max(now, deadline) + n * SEC;
	case 7:
		return now + (max(now, deadline) - now) / (n + 1);
	case 8:
		return now;
	case 9:
		return now + n;
	case 10:
		return now + n * USEC;
	case 11:
		return now + n * MSEC;
	case 12:
		return now + n * 20 * MSEC;
	case 13:
		return now + n * SEC;
	case 14:
		return now + n * 60 * SEC;
	default:
		return now + n * 86400 * SEC;
	}
}
