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
	PLACE_VETH,	/* client in one named namespace, server in the other */
};

/* Namespaces and addresses that the script run-vm sets up. */
#define NS_CLIENT	"/run/netns/client"
#define NS_SERVER	"/run/netns/server"
#define VETH_SERVER	"10.0.0.1"
#define LO_SERVER	"127.0.0.1"

#define ROUNDS_MAX	31

/*
 * One measurement, in the unit of its row (ns, bytes): @family is AF_INET or AF_XTCP.
 */
typedef double (*measure_fn)(int family, enum place place);

double round_trip(int family, enum place place);
double connect_close(int family, enum place place);
double connect_refused(int family, enum place place);
double connect_crowded(int family, enum place place);
double bulk(int family, enum place place);
double bulk_1000(int family, enum place place);
double bulk_200(int family, enum place place);
double bulk_file(int family, enum place place);
double idle_socket(int family, enum place place);
double idle_connection(int family, enum place place);

/* net.c */
void enter(enum place place, const char *ns);
int listen_on(int family, enum place place, uint16_t *port);
int connect_to(int family, enum place place, uint16_t port);
void new_net(void);
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

#endif /* BENCH_H */
