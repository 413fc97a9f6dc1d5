/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's calls for a connection with both ends on one host, handover.c: bytes pass
 * from one TCB to the other without a segment. What engine.h says of all calls holds.
 */
#ifndef XTCP_HANDOVER_H
#define XTCP_HANDOVER_H

#include <xtcp/env.h>
#include <xtcp/seg.h>
#include <xtcp/tcb.h>

/**
 * xtcp_handover_len - how many bytes may pass to the peer's TCB without a segment?
 * @from: connection with unsent data
 * @to: the TCB of its peer; xtcp_space() was called for it
 *
 * The caller serialises the calls for both TCBs. Bytes may pass only while nothing of
 * @from is in flight, lost or urgent, nothing is missing at @to, and the window that @to
 * can offer holds them.
 *
 * Return: bytes; 0: none, call xtcp_tx_peek() as usual.
 */
u32 xtcp_handover_len(const struct xtcp_tcb *from, const struct xtcp_tcb *to);

/**
 * xtcp_handover_ack - make the ACK that an end owes before its bytes pass
 * @from: with from->ack_pending and xtcp_handover_len() not 0; xtcp_space() was called
 *	for it
 * @seg: filled in, for xtcp_rx() of the peer's TCB
 * @now: ns
 *
 * Otherwise the peer would wait for the ACK that a segment with the bytes would carry.
 * Ask for xtcp_handover_len() again afterwards.
 */
void xtcp_handover_ack(struct xtcp_tcb *from, struct xtcp_seg *seg, u64 now);

/**
 * xtcp_handover - advance both ends: the caller has moved bytes to the peer's reader
 * @from: connection that they came from, with no ACK pending; SND.UNA and SND.NXT advance
 * @to: the TCB of its peer; RCV.NXT advances
 * @len: bytes, at most xtcp_handover_len()
 * @space: bytes that @to can store now, as in xtcp_space()
 * @now: ns
 *
 * Counts as one segment. The ACK of it, which tells @from the new window, is not counted.
 * No action is due for @to, but its reader is to be woken. A deadline of @from may change.
 *
 * Return: XTCP_ACT_OUTPUT if @from may have something to send in a segment, else 0.
 */
u32 xtcp_handover(struct xtcp_tcb *from, struct xtcp_tcb *to, u32 len, u32 space, u64 now);

/* Bytes that wait for the reader go by segments after this time at the latest, ns. */
#define XTCP_HANDOVER_HOLD_NS	(1000 * XTCP_NSEC_PER_USEC)

/**
 * xtcp_handover_hold - let written bytes wait until the reader goes on
 * @from: connection with unsent bytes
 * @now: ns
 *
 * Sets a deadline, by which xtcp_timeout() asks for output: the reader may never go on. A
 * second call postpones it only when it is due.
 */
void xtcp_handover_hold(struct xtcp_tcb *from, u64 now);

/**
 * xtcp_handover_waits - may the bytes written meanwhile wait, too?
 * @from: connection for which xtcp_handover_hold() was called
 *
 * Return: false if segments were sent since, if the window does not hold the bytes, or if
 * they include something urgent.
 */
bool xtcp_handover_waits(const struct xtcp_tcb *from);

#endif /* XTCP_HANDOVER_H */
