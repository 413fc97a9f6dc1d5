/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Declarations that the parts of the benchmark share. Every measurement runs in a
 * process of its own and returns one number; an error ends that process with a
 * message (die()).
 */
#ifndef BENCH_H
#define BENCH_H

#include "harness.h"

/* Where the two ends of a connection are. */
enum place {
	PLACE_LO,	/* both in the present namespace, over loopback */
	PLACE_DIRECT,	/* the same with XTCP's knob local_shortcut, which is 0 elsewhere */
	PLACE_VETH,	/* in two namespaces, which a pair of veth devices connects */
	PLACE_PACKET,	/* the same without TSO and GSO: a segment is a packet */
};

/* Which of the two ends. */
enum end {
	CLIENT,
	SERVER,
};

/* Addresses that the script run-vm sets up, in the namespaces of enter(). */
#define VETH_SERVER	"10.0.0.1"
#define LO_SERVER	"127.0.0.1"

#define ROUNDS_MAX	31

/*
 * One measurement, in the unit of its row (ns, bytes): @family is AF_INET or AF_XTCP;
 * @size: bytes of a write or message, or the number of connections.
 */
typedef double (*measure_fn)(int family, enum place place, size_t size);

/* traffic.c */
double round_trip(int family, enum place place, size_t size);
double round_trip_alone(int family, enum place place, size_t size);
double round_trip_unix(int family, enum place place, size_t size);
double round_trip_udp(int family, enum place place, size_t size);
double connect_close(int family, enum place place, size_t size);
double connect_refused(int family, enum place place, size_t size);
double connect_crowded(int family, enum place place, size_t size);

/* bulk.c */
double bulk(int family, enum place place, size_t size);
double bulk_nodelay(int family, enum place place, size_t size);
double bulk_file(int family, enum place place, size_t size);

/* both.c */
double both_slower(int family, enum place place, size_t size);
double both_total(int family, enum place place, size_t size);

/* packet.c, many.c */
double receive_packet(int family, enum place place, size_t size);
double epoll_exchange(int family, enum place place, size_t n);

/* memory.c */
double idle_socket(int family, enum place place, size_t size);
double idle_connection(int family, enum place place, size_t size);

/*
 * rounds.c: start round @r, and end it with v[@r] = its ns per unit, of which it had
 * @units. Round -1 does not count.
 */
void round_from(int r);
void round_to(int r, double *v, double units);
extern bool print_rounds;	/* to standard error */

/* net.c */
/* Enter the namespace of that end; stay if both are in the present one. */
void enter(enum place place, enum end end);
int listen_on(int family, enum place place, uint16_t *port);
int connect_client(int family, enum place place, uint16_t port);
void new_net(void);
/* Set the knob local_shortcut of this namespace for rows at @place, if XTCP is there. */
void set_shortcut(enum place place);
void read_all(int fd, void *buf, size_t len);
void write_all(int fd, const void *buf, size_t len);

/*
 * serve_one - a server in a child process, connected to the caller
 *
 * The child enters the server's namespace, accepts one connection and calls
 * @serve with it; it exits when that returns. The caller enters the client's
 * namespace and gets the connected socket.
 */
int serve_one(int family, enum place place, void (*serve)(int fd));

/* The same with a pair of connected sockets: the child has fd[1], the caller fd[0]. */
void serve_pair(const int fd[2], void (*serve)(int fd));

#endif /* BENCH_H */
