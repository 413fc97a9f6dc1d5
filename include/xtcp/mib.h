/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters of a namespace, with the names of /proc/net/snmp (Tcp) and
 * /proc/net/netstat (TcpExt), see Documentation/counters.rst. Each counts events since
 * the namespace was made; CURR_ESTAB is a level. They are per-CPU words in struct
 * xtcp_net (sock.h), without a lock.
 *
 * The engine has no counters: it sets a bit in the TCB for each event (xtcp_mib_note()),
 * and its caller takes the bits and counts them (xtcp_mib_take()). An event therefore
 * counts at most once per call of the engine. Segments are counted by the caller.
 */
#ifndef XTCP_MIB_H
#define XTCP_MIB_H

/* Set by the engine; at most 64, the bits of tcb->mib. */
#define XTCP_MIBS_ENGINE(X)						\
	X(TIMEOUTS, "TCPTimeouts")					\
	X(SYN_RETRANS, "TCPSynRetrans")					\
	X(LOSS_PROBES, "TCPLossProbes")					\
	X(LOSS_PROBE_RECOVERY, "TCPLossProbeRecovery")			\
	X(SACK_RECOVERY, "TCPSackRecovery")				\
	X(RENO_RECOVERY, "TCPRenoRecovery")				\
	X(SACK_RECOVERY_FAIL, "TCPSackRecoveryFail")			\
	X(RENO_RECOVERY_FAIL, "TCPRenoRecoveryFail")			\
	X(LOSS_FAILURES, "TCPLossFailures")				\
	X(SACK_RENEGING, "TCPSACKReneging")				\
	X(SACK_REORDER, "TCPSACKReorder")				\
	X(TS_REORDER, "TCPTSReorder")					\
	X(FULL_UNDO, "TCPFullUndo")					\
	X(PARTIAL_UNDO, "TCPPartialUndo")				\
	X(DSACK_UNDO, "TCPDSACKUndo")					\
	X(LOSS_UNDO, "TCPLossUndo")					\
	X(SPURIOUS_RTOS, "TCPSpuriousRTOs")				\
	X(LOST_RETRANSMIT, "TCPLostRetransmit")				\
	X(RETRANS_FAIL, "TCPRetransFail")				\
	X(DSACK_OLD_SENT, "TCPDSACKOldSent")				\
	X(DSACK_OFO_SENT, "TCPDSACKOfoSent")				\
	X(DSACK_RECV, "TCPDSACKRecv")					\
	X(DSACK_OFO_RECV, "TCPDSACKOfoRecv")				\
	X(ABORT_ON_DATA, "TCPAbortOnData")				\
	X(ABORT_ON_TIMEOUT, "TCPAbortOnTimeout")			\
	X(ABORT_ON_LINGER, "TCPAbortOnLinger")				\
	X(CHALLENGE_ACK, "TCPChallengeACK")				\
	X(SYN_CHALLENGE, "TCPSYNChallenge")				\
	X(ACK_SKIPPED_CHALLENGE, "TCPACKSkippedChallenge")		\
	X(ACK_SKIPPED_PAWS, "TCPACKSkippedPAWS")			\
	X(ACK_SKIPPED_SEQ, "TCPACKSkippedSeq")				\
	X(DELAYED_ACKS, "DelayedACKs")					\
	X(DELAYED_ACK_LOST, "DelayedACKLost")				\
	X(OFO_QUEUE, "TCPOFOQueue")					\
	X(OFO_MERGE, "TCPOFOMerge")					\
	X(FROM_ZERO_WINDOW, "TCPFromZeroWindowAdv")			\
	X(TO_ZERO_WINDOW, "TCPToZeroWindowAdv")				\
	X(WANT_ZERO_WINDOW, "TCPWantZeroWindowAdv")			\
	X(KEEP_ALIVE, "TCPKeepAlive")					\
	X(WIN_PROBE, "TCPWinProbe")					\
	X(AUTO_CORKING, "TCPAutoCorking")				\
	X(MTUP_SUCCESS, "TCPMTUPSuccess")				\
	X(MTUP_FAIL, "TCPMTUPFail")

/* Counted by the module, shown as TcpExt. */
#define XTCP_MIBS_EXT(X)						\
	X(SYNCOOKIES_SENT, "SyncookiesSent")				\
	X(SYNCOOKIES_RECV, "SyncookiesRecv")				\
	X(SYNCOOKIES_FAILED, "SyncookiesFailed")			\
	X(EMBRYONIC_RSTS, "EmbryonicRsts")				\
	X(LISTEN_DROPS, "ListenDrops")					\
	X(REQ_Q_FULL_COOKIES, "TCPReqQFullDoCookies")			\
	X(REQ_Q_FULL_DROP, "TCPReqQFullDrop")				\
	X(TW, "TW")							\
	X(TW_RECYCLED, "TWRecycled")					\
	X(TW_OVERFLOW, "TCPTimeWaitOverflow")				\
	X(ACK_SKIPPED_SYN_RECV, "TCPACKSkippedSynRecv")			\
	X(ACK_SKIPPED_FIN_WAIT_2, "TCPACKSkippedFinWait2")		\
	X(ACK_SKIPPED_TIME_WAIT, "TCPACKSkippedTimeWait")		\
	X(OUT_OF_WINDOW_ICMPS, "OutOfWindowIcmps")			\
	X(FAST_RETRANS, "TCPFastRetrans")				\
	X(SLOW_START_RETRANS, "TCPSlowStartRetrans")			\
	X(ORIG_DATA_SENT, "TCPOrigDataSent")				\
	X(DELIVERED, "TCPDelivered")					\
	X(DELIVERED_CE, "TCPDeliveredCE")				\
	X(FO_ACTIVE, "TCPFastOpenActive")				\
	X(FO_ACTIVE_FAIL, "TCPFastOpenActiveFail")			\
	X(FO_PASSIVE, "TCPFastOpenPassive")				\
	X(FO_PASSIVE_FAIL, "TCPFastOpenPassiveFail")			\
	X(FO_LISTEN_OVERFLOW, "TCPFastOpenListenOverflow")		\
	X(FO_COOKIE_REQD, "TCPFastOpenCookieReqd")			\
	X(FO_BLACKHOLE, "TCPFastOpenBlackhole")				\
	X(FO_PASSIVE_ALT_KEY, "TCPFastOpenPassiveAltKey")		\
	X(ABORT_ON_CLOSE, "TCPAbortOnClose")				\
	X(ABORT_ON_MEMORY, "TCPAbortOnMemory")				\
	X(ABORT_FAILED, "TCPAbortFailed")				\
	X(DELAYED_ACK_LOCKED, "DelayedACKLocked")			\
	X(LOCK_DROPPED_ICMPS, "LockDroppedIcmps")			\
	X(TIMEOUT_REHASH, "TcpTimeoutRehash")				\
	X(DUPLICATE_DATA_REHASH, "TcpDuplicateDataRehash")		\
	X(DEFER_ACCEPT_DROP, "TCPDeferAcceptDrop")			\
	X(MIGRATE_SUCCESS, "TCPMigrateReqSuccess")			\
	X(MIGRATE_FAILURE, "TCPMigrateReqFailure")			\
	X(OFO_PRUNED, "OfoPruned")					\
	X(PRUNE_CALLED, "PruneCalled")					\
	X(RCV_PRUNED, "RcvPruned")					\
	X(RCV_COALESCE, "TCPRcvCoalesce")				\
	X(MEMORY_PRESSURES, "TCPMemoryPressures")			\
	X(MEMORY_PRESSURES_CHRONO, "TCPMemoryPressuresChrono")

/* Counters that the kernel's TCP does not have, shown as XtcpMem. */
#define XTCP_MIBS_MEM(X)						\
	X(EVICTED, "Evicted")						\
	X(EVICT_HOLES, "HolesForgotten")

/* The same, shown as XtcpLocal. */
#define XTCP_MIBS_LOCAL(X)						\
	X(HANDOVERS, "Handovers")

/* Counted by the module, shown as Tcp (RFC 4022). */
#define XTCP_MIBS_TCP(X)						\
	X(ACTIVE_OPENS, "ActiveOpens")					\
	X(PASSIVE_OPENS, "PassiveOpens")				\
	X(ATTEMPT_FAILS, "AttemptFails")				\
	X(ESTAB_RESETS, "EstabResets")					\
	X(CURR_ESTAB, "CurrEstab")					\
	X(IN_SEGS, "InSegs")						\
	X(OUT_SEGS, "OutSegs")						\
	X(RETRANS_SEGS, "RetransSegs")					\
	X(OUT_RSTS, "OutRsts")

enum xtcp_mib {
#define XTCP_MIB_ENUM(id, name)	XTCP_MIB_##id,
	XTCP_MIBS_ENGINE(XTCP_MIB_ENUM)
	XTCP_MIB_ENGINE_MAX,
	XTCP_MIB_BEFORE_EXT = XTCP_MIB_ENGINE_MAX - 1,
	XTCP_MIBS_EXT(XTCP_MIB_ENUM)
	XTCP_MIBS_MEM(XTCP_MIB_ENUM)
	XTCP_MIBS_LOCAL(XTCP_MIB_ENUM)
	XTCP_MIBS_TCP(XTCP_MIB_ENUM)
#undef XTCP_MIB_ENUM
	XTCP_MIB_MAX
};

#endif /* XTCP_MIB_H */
