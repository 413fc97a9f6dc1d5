// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of the input for the application and its host. Values are within the ranges
 * that the socket layer accepts.
 */
#include "fuzz.h"

static u32 option_value(struct fuzz_in *in, enum xtcp_opt opt)
{
	switch (opt) {
	case XTCP_SET_NODELAY:
	case XTCP_SET_CORK:
	case XTCP_SET_QUICKACK:
	case XTCP_SET_KEEPALIVE:
		return in_byte(in) & 1;
	case XTCP_SET_KEEPIDLE:
	case XTCP_SET_KEEPINTVL:
		return 1000 * (1 + in_half(in) % 32767);
	case XTCP_SET_KEEPCNT:
	case XTCP_SET_SYNCNT:
		return 1 + in_byte(in) % 127;
	case XTCP_SET_USER_TIMEOUT:
		return in_byte(in) << (in_byte(in) % 24);
	case XTCP_SET_LINGER2:
		return 1000 * (in_byte(in) % 121);
	case XTCP_SET_MAXSEG:
		return in_byte(in) & 1 ? 88 + in_half(in) % (32767 - 88 + 1) : 0;
	case XTCP_SET_GSO_MAX:
		return 1 + in_half(in);
	case XTCP_SET_PATH_MSS:
		return 28 + in_half(in) % (65535 - 28);
	default:
		return 0;
	}
}

static void change_option(struct end *end, struct fuzz_in *in)
{
	u32 opt = in_byte(in) % (XTCP_SET_PATH_MSS + 3);

	/* After close() only the host sets options. */
	if (end->closed && opt != XTCP_SET_GSO_MAX && opt != XTCP_SET_PATH_MSS)
		return;
	if (opt == XTCP_SET_PATH_MSS + 1)
		end_pacing(end, 1ULL << in_byte(in) % 40);
	else if (opt == XTCP_SET_PATH_MSS + 2)
		end_cc(end, in_byte(in));
	else
		end_set(end, opt, option_value(in, opt));
}

static void icmp(struct end *end, struct fuzz_in *in)
{
	u8 kind = in_byte(in);
	u32 edge[3];

	if (!end_tcb(end))
		return;
	edge[0] = end->host.tcb->snd_una;
	edge[1] = end->host.tcb->snd_nxt;
	edge[2] = end->host.tcb->snd_nxt - 1;
	end_icmp(end, kind % 3, in_near(in, edge, ARRAY_SIZE(edge), end->host.tcb->mss),
		 kind % 3 == XTCP_ICMP_TOO_BIG ? 28 + in_half(in) % 9000 : 0);
}

/* Run one command. Rare and final ones need a certain second byte to happen. */
void end_command(struct end *end, struct fuzz_in *in)
{
	u32 mss = end_tcb(end) ? end->host.tcb->mss : 1000;
	u8 b = in_byte(in);

	switch (b % 8) {
	case 0:
	case 1:
		end_write(end, in_size(in, mss), b >> 6);
		break;
	case 2:
		end_read(end, b & 128 ? in_size(in, mss) : ~0U);
		break;
	case 3:
		change_option(end, in);
		break;
	case 4:
		icmp(end, in);
		break;
	case 5:
		end_space(end, in_size(in, 16 * mss));
		break;
	case 6:
		end_memory(end, in_byte(in));
		break;
	case 7:
		if (b < 64)
			end_shutdown(end);
		else if (b < 128)
			end_close(end);
		else if (b < 144)
			end_abort(end);
		break;
	}
}
