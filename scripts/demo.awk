# SPDX-License-Identifier: GPL-2.0
#
# Reads one connection as "tcpdump -nn -tt -S" prints it and shows its
# handshake and its close, each segment with the states of RFC 9293 (3.3.2)
# that the two ends enter by it. The states are derived from the segments
# alone, by the state diagram of the RFC.
#
# Variables: server (address); sname, cname (names of the two stacks).
# Exit status 0 if both ends reached ESTABLISHED and then CLOSED or TIME-WAIT.

function enter(end, new) {
	if (state[end] == new)
		return
	state[end] = new
	changed = 1
	if (new == "ESTABLISHED")
		established[end] = 1
}

function sent(end, syn, ack, fin) {
	if (syn && !ack && state[end] == "CLOSED")
		enter(end, "SYN-SENT")
	if (!fin)
		return
	if (state[end] == "ESTABLISHED" || state[end] == "SYN-RECEIVED")
		enter(end, "FIN-WAIT-1")
	else if (state[end] == "CLOSE-WAIT")
		enter(end, "LAST-ACK")
}

# acks: the segment acknowledges all that this end has sent, SYN or FIN included
function received(end, syn, acks, fin, rst) {
	if (rst) {
		enter(end, "CLOSED")
		return
	}
	if (syn && state[end] == "LISTEN")
		enter(end, "SYN-RECEIVED")
	else if (syn && state[end] == "SYN-SENT")
		enter(end, acks ? "ESTABLISHED" : "SYN-RECEIVED")
	else if (acks && state[end] == "SYN-RECEIVED")
		enter(end, "ESTABLISHED")
	else if (acks && state[end] == "FIN-WAIT-1")
		enter(end, "FIN-WAIT-2")
	else if (acks && state[end] == "CLOSING")
		enter(end, "TIME-WAIT")
	else if (acks && state[end] == "LAST-ACK")
		enter(end, "CLOSED")
	if (!fin)
		return
	if (state[end] == "ESTABLISHED")
		enter(end, "CLOSE-WAIT")
	else if (state[end] == "FIN-WAIT-1")
		enter(end, "CLOSING")
	else if (state[end] == "FIN-WAIT-2")
		enter(end, "TIME-WAIT")
}

# The field that follows a word in the line, or "".
function after(word,	i) {
	for (i = 1; i < NF; i++)
		if ($i == word)
			return $(i + 1)
	return ""
}

# Sequence number relative to the initial one, modulo 2^32.
function rel(num, base) {
	return num >= base ? num - base : num - base + 4294967296
}

function line(time, arrow, text) {
	text = sprintf("   %9s  %-14s %s  %-14s %s", time, state["s"], arrow,
		state["c"], text)
	sub(/ +$/, "", text)
	print text
}

function flush_data() {
	if (!segs)
		return
	printf "   %9s  %35s %d packets, %.0f bytes of payload\n", "...", "",
		segs, payload
	segs = payload = 0
}

BEGIN {
	state["s"] = "LISTEN"
	state["c"] = "CLOSED"
	printf "   %9s  %-20s%s\n", "", "server", "client"
	printf "   %9s  %-20s%-15s%s\n", "ms", sname, cname,
		"segment, as tcpdump saw it"
	line("", "   ", "")
}

$2 == "IP" && $6 == "Flags" {
	from = $3
	sub(/\.[0-9]+$/, "", from)
	me = from == server ? "s" : "c"
	peer = me == "s" ? "c" : "s"
	if (!started) {
		started = 1
		t0 = $1
	}
	flags = $7
	syn = flags ~ /S/
	fin = flags ~ /F/
	rst = flags ~ /R/
	has_ack = flags ~ /\./
	seq = after("seq")
	sub(/,$/, "", seq)
	split(seq, range, ":")
	ack = after("ack") + 0
	len = after("length") + 0
	if (syn)
		iss[me] = range[1] + 0
	if (seq != "") {
		end = rel(range[1] + 0, iss[me]) + len + (syn ? 1 : 0) + (fin ? 1 : 0)
		if (end > high[me])
			high[me] = end
	}
	changed = 0
	sent(me, syn, has_ack, fin)
	received(peer, syn, has_ack && rel(ack, iss[peer]) >= high[peer], fin, rst)
	closing = closing || fin || rst
	if (!changed && !syn && !closing) {
		segs++
		payload += len
		next
	}
	flush_data()
	text = ""
	if (syn)
		text = text "SYN "
	if (fin)
		text = text "FIN "
	if (rst)
		text = text "RST "
	if (has_ack)
		text = text "ACK "
	if (seq != "")
		text = text sprintf("seq=%.0f ", rel(range[1] + 0, iss[me]))
	if (has_ack)
		text = text sprintf("ack=%.0f ", rel(ack, iss[peer]))
	if (len)
		text = text sprintf("%d bytes ", len)
	if (syn && match($0, /options \[[^]]*\]/))
		text = text substr($0, RSTART + 8, RLENGTH - 8)
	line(sprintf("%.3f", ($1 - t0) * 1000), me == "s" ? "-->" : "<--", text)
}

END {
	flush_data()
	for (end in state)
		if (!established[end] ||
		    (state[end] != "CLOSED" && state[end] != "TIME-WAIT"))
			exit 1
}
