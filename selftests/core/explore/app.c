// SPDX-License-Identifier: GPL-2.0
/*
 * The application of one end: a program of a few steps, each of which is an action of
 * the search (ACT_APP). A program is a string of steps:
 *
 *	wN	write N bytes
 *	mN	write N bytes with MSG_MORE
 *	uN	write N bytes, the last one urgent
 *	n	TCP_NODELAY
 *	aN	keepalive after N ms of silence, then every N ms
 *	tN	user timeout of N ms
 *	k K	TCP_CORK on, off
 *	s	shutdown() of the outgoing stream
 *	c	close()
 *	gN	wait until N bytes have been read
 *	f	wait until all bytes written are acknowledged
 *	e	wait until the peer's whole stream and its end have been read
 *
 * Steps wait until the connection is established, except W, S and C in upper case.
 */
#include <ctype.h>
#include <stdlib.h>

#include "explore.h"

void app_parse(u32 id, const char *text)
{
	struct op *op = run.prog[id];
	struct end *e = &W->end[id];

	memset(op, 0, sizeof(run.prog[id]));
	for (; *text; text++) {
		char *rest;

		if (*text == ' ')
			continue;
		op->kind = (u8)*text;
		op->n = (u16)strtoul(text + 1, &rest, 10);
		if (strchr("wmuW", op->kind))
			e->total += op->n;
		text = rest - 1;
		if (++op == &run.prog[id][OPS_MAX])
			abort();
	}
}

/* The next step, after waits that are over. */
static const struct op *next_op(const struct end *e)
{
	const struct op *op = &run.prog[e->id][e->pc];

	while ((op->kind == 'g' && e->rd >= op->n) ||
	       (op->kind == 'f' && e->acked == e->wr) ||
	       (op->kind == 'e' && e->eof && e->rd == e->rcvd))
		op++;
	return op;
}

/* Can the application take a step? */
bool app_ready(const struct end *e)
{
	const struct op *op = next_op(e);

	if (e->host.mode != XTCP_HOST_CONN || !op->kind || strchr("gfe", op->kind))
		return false;
	return e->established || isupper(op->kind);
}

/* The first write, before the SYN is sent. Return: bytes. */
u32 app_first(struct end *e)
{
	const struct op *op = next_op(e);

	if (tolower(op->kind) != 'w')
		return 0;
	e->pc = (u8)(op + 1 - run.prog[e->id]);
	TRACE("%u write(%u)", e->id, op->n);
	e->wr += op->n;
	return op->n;
}

static void app_write(struct end *e, u32 n, u32 flags)
{
	TRACE("%u write(%u)", e->id, n);
	e->wr += n;
	end_serve(e, xtcp_wrote(&e->tcb, n, flags, end_now(e)));
}

static void app_set(struct end *e, enum xtcp_opt opt, u32 val)
{
	TRACE("%u option %u = %u", e->id, opt, val);
	end_serve(e, xtcp_set(&e->tcb, opt, val, end_now(e)));
}

static void app_close(struct end *e)
{
	/* RFC 9293 SHLD-3: close() with unread data resets the connection. */
	if (e->rd != e->rcvd) {
		app_abort(e);
		return;
	}
	TRACE("%u close()", e->id);
	if (e->rcvd != end_peer(e)->total)
		W->rough = true;
	e->closed = true;
	e->shut = true;
	end_serve(e, xtcp_close(&e->tcb, end_now(e)));
}

void app_step(struct end *e)
{
	const struct op *op = next_op(e);

	e->pc = (u8)(op + 1 - run.prog[e->id]);
	switch (tolower(op->kind)) {
	case 'w':
		app_write(e, op->n, 0);
		break;
	case 'm':
		app_write(e, op->n, XTCP_WROTE_MORE);
		break;
	case 'u':
		app_write(e, op->n, XTCP_WROTE_URG);
		break;
	case 'n':
		app_set(e, XTCP_SET_NODELAY, 1);
		break;
	case 'a':
		app_set(e, XTCP_SET_KEEPIDLE, op->n);
		app_set(e, XTCP_SET_KEEPINTVL, op->n);
		app_set(e, XTCP_SET_KEEPALIVE, 1);
		break;
	case 't':
		app_set(e, XTCP_SET_USER_TIMEOUT, op->n);
		break;
	case 'k':
		app_set(e, XTCP_SET_CORK, op->kind == 'k');
		break;
	case 's':
		TRACE("%u shutdown()", e->id);
		e->shut = true;
		end_serve(e, xtcp_shutdown(&e->tcb, end_now(e)));
		break;
	case 'c':
		app_close(e);
		break;
	}
}

bool app_can_read(const struct end *e)
{
	return run.cfg->read[e->id] && e->rd != e->rcvd && !e->closed;
}

void app_read(struct end *e, u32 max)
{
	u32 n = min(max, e->rcvd - e->rd);

	TRACE("%u read() = %u", e->id, n);
	e->rd += n;
	if (e->host.mode == XTCP_HOST_CONN)
		end_serve(e, xtcp_read(&e->tcb, n, end_space(e), end_now(e)));
	if (e->host.mode == XTCP_HOST_CONN && e->rd == e->rcvd)
		end_serve(e, xtcp_read_blocks(&e->tcb));
}

void app_abort(struct end *e)
{
	TRACE("%u abort()", e->id);
	W->rough = true;
	e->closed = true;
	e->shut = true;
	end_serve(e, xtcp_abort(&e->tcb, end_now(e)));
}
