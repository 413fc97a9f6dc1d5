// SPDX-License-Identifier: GPL-2.0
/*
 * What the engine notes for the counters: each once where it happens, and
 * nothing where nothing happens.
 */
#include "core.h"
#include "harness.h"

#define SACK10 "par tlp 0\nestablished sack rtt 40\nset nodelay 1\nwrite 10000\n> PA 1+10000\n"
#define TS10 "par tlp 0\nestablished sack ts rtt 40\nset nodelay 1\nwrite 9880\n> PA 1+9880\n"

static const struct script mib[] = {
	{ "an exchange without trouble", "established rtt 40\nwrite 100\n> PA 1+100\n+ 40ms\n< PA 1+10 ack 101\n> A 101 ack 11\n"
	  "mib\n" },
	{ "a timeout, and a second one", SACK10 "~ 240ms\n> A 1+1000\nmib TCPTimeouts\n~ 480ms\n> A 1+1000\n"
	  "mib TCPTimeouts TCPLossFailures TCPLostRetransmit\n" },
	{ "a SYN sent again", "connect\n> S 0\nmib\n~ 1s\n> S 0\nmib TCPTimeouts TCPSynRetrans\n" },
	{ "nobody answers", "par syn_retries 1\nconnect\n> S 0\n~ 1s\n> S 0\n~ 2s\n"
	  "mib TCPTimeouts TCPSynRetrans TCPAbortOnTimeout\n" },
	{ "a recovery", SACK10 "+ 40ms\n< A 1 ack 1 sack 1001-10001\n> A 1+1000\nmib TCPSackRecovery\n+ 40ms\n< A 1 ack 10001\nmib\n" },
	{ "a recovery without SACK", "established rtt 40\nset nodelay 1\nwrite 10000\n> PA 1+10000\n+ 40ms\n< A 1 ack 1\n< A 1 ack 1\n"
	  "< A 1 ack 1\n> A 1+1000\nmib TCPRenoRecovery\n" },
	{ "the retransmission is lost: the recovery fails", SACK10 "+ 40ms\n< A 1 ack 1 sack 1001-10001\n> A 1+1000\nmib TCPSackRecovery\n"
	  "~ 200ms\n> A 1+1000\nmib TCPTimeouts TCPSackRecoveryFail TCPLostRetransmit\n" },
	{ "a spurious timeout, by timestamps", TS10 "~ 240ms\n> A 1+988\n+ 1ms\n< A 1 ack 989 tsecr 40\n"
	  "mib TCPTimeouts TCPLossUndo TCPTSReorder\n" },
	{ "a spurious recovery, by timestamps", TS10 "+ 40ms\n< A 1 ack 1 sack 989-9881\n> A 1+988\n+ 1ms\n< A 1 ack 9881 tsecr 40\n"
	  "mib TCPSackRecovery TCPTSReorder TCPFullUndo\n" },
	{ "a tail loss probe", "established sack rtt 40\nset nodelay 1\nwrite 3000\n> PA 1+3000\n~ 80ms\n> PA 2001+1000\nmib TCPLossProbes\n" },
	{ "a spurious timeout, by F-RTO", SACK10 "~ 240ms\n> A 1+1000\nwrite 5000\n< A 1 ack 1001\n> PA 10001+2000\nmib TCPTimeouts\n"
	  "< A 1 ack 2001\nmib TCPLossUndo TCPSpuriousRTOs\n" },
	{ "a spurious recovery, by D-SACK", SACK10 "+ 40ms\n< A 1 ack 1 sack 1001-10001\n> A 1+1000\nmib TCPSackRecovery\n"
	  "< A 1 ack 10001 sack 1-1001\nmib TCPDSACKRecv TCPDSACKUndo\n" },
	{ "a duplicate just below the ACK, and one above", SACK10 "+ 40ms\n< A 1 ack 3001 sack 2001-3001\nmib TCPDSACKRecv\n"
	  "< A 1 ack 3001 sack 5001-6001,5001-6001\nmib TCPDSACKOfoRecv\n" },
	{ "a tail loss probe that fills the hole", "established sack rtt 40\nset nodelay 1\nwrite 3000\n> PA 1+3000\n~ 80ms\n> PA 2001+1000\n"
	  "mib TCPLossProbes\nwrite 1000\n> PA 3001+1000\n< A 1 ack 4001\nmib TCPLossProbeRecovery\n" },
	{ "a keepalive probe", "established\nset keepidle 10000\nset keepalive 1\n~ 10s\n> A 0\nmib TCPKeepAlive\n" },
	{ "a window probe", "established\n< A 1 ack 1 wnd 0\nwrite 10\n+ 201ms\n> A 1+1\nmib TCPWinProbe\n" },
	{ "a SYN in the window, and another", "established\n< S 5\n> A 1\nmib TCPSYNChallenge TCPChallengeACK\n< S 5\n"
	  "mib TCPSYNChallenge TCPACKSkippedChallenge\n" },
	{ "a RST in the window", "established\n< R 5\n> A 1\nmib TCPChallengeACK\n" },
	{ "an ACK from outside of the window, and another", "established\n< A 100001 ack 1\n> A 1\nmib\n< A 100001 ack 1\n"
	  "mib TCPACKSkippedSeq\n" },
	{ "data twice, and told so", "established sack\n< A 1+1000\n> A 1 ack 1001\n< A 1+1000\n> A 1 ack 1001 sack 1-1001\n"
	  "mib DelayedACKLost TCPDSACKOldSent\n" },
	{ "data out of order, and once more", "established sack\n< A 1001+1000\n> A 1 ack 1\nmib TCPOFOQueue\n< A 1001+1000\n"
	  "> A 1 ack 1 sack 1001-2001,1001-2001\nmib TCPOFOMerge TCPDSACKOfoSent\n" },
	{ "the window closes and opens", "established space 2000 max 2000 mss 1000\n< A 1+1000\n> A 1 ack 1001\n< A 1001+1000\n> A 1 ack 2001 wnd 0\n"
	  "mib TCPToZeroWindowAdv\nread 2000\n> A 1 ack 2001 wnd 2000\nmib TCPFromZeroWindowAdv\n" },
	{ "data nobody will read", "established\nclose\n> FA 1\n< A 1+10 ack 2\n> RA 2\nmib TCPAbortOnData\n" },
	{ "an orphan that may not wait", "established\nset linger2 0\nclose\n> FA 1\n< A 1 ack 2\nmib TCPAbortOnLinger\n" },
};
SCRIPTS(mib);
