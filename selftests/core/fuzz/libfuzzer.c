// SPDX-License-Identifier: GPL-2.0
/* Entry point for libFuzzer; FUZZ_TARGET is the function of the target. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_in in = { data, data + size };

	FUZZ_TARGET(&in);
	return 0;
}
