/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test of this directory needs: the two TCPs of the machine, a
 * network namespace of its own, a clock, and a byte pattern that shows where
 * in a stream a byte belongs.
 */
#ifndef XTCP_TEST_LIB_H
#define XTCP_TEST_LIB_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/xtcp.h>

enum stack {
	KERNEL,		/* the kernel's own TCP */
	XTCP,
};

enum net {
	V4,
	V6,
	MAPPED,		/* IPv4 on sockets of IPv6 */
};

/* What the sockets of all functions below are. V4 where nobody says. */
extern enum net net;

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;	/* the port is in the same place in both */
	struct sockaddr_in6 in6;
};

socklen_t addr_len(const union addr *a);

const char *stack_name(enum stack st);
int stack_socket(enum stack st, int flags);
bool stack_present(enum stack st);

/*
 * Set when a missing module is a failure and not a reason to skip: run-vm
 * has loaded it.
 */
bool stack_required(void);

/*
 * XTCP_NO_CONTROL=1: leave out what only shows that the kernel's TCP passes
 * the same test.
 */
bool no_control(void);

/*
 * XTCP_NO_MAPPED=1: leave out IPv4 on sockets of IPv6, whose packets are those of
 * IPv4 and whose sockets are those of IPv6.
 */
bool no_mapped(void);

/*
 * Time costs nothing (qemu's -icount): tests that wait for minutes may run.
 * XTCP_VIRTUAL_TIME=1 says so; scripts/vm sets it.
 */
bool virtual_time(void);

/* fork(), and the child goes when the test does. */
pid_t child(void);
/*
 * The last to close the descriptor is another process, once @become, given @arg, has
 * made it somebody else. Workers of the kernel do not come in between, unless it waits
 * for them. 0 or -errno.
 */
int close_as(int fd, int (*become)(const char *arg), const char *arg);

uint64_t now_ms(void);
uint64_t now_us(void);
/*
 * The clock that waits of system calls are counted by: the timer tick's, which a
 * busy host delays and then makes up for.
 */
uint64_t tick_ms(void);
void sleep_ms(unsigned int ms);

/* A namespace of its own, loopback up. 0 or -errno. */
int ns_new(void);
int ns_up(const char *dev, const char *addr, int prefix, int mtu);
int ns_addr6(const char *dev, const uint8_t *addr, int prefix);	/* at once valid */
int ns_tun(const char *name);	/* a new device; its non-blocking fd */
int ns_sysctl(const char *name, const char *value);
/* A line for the shell; its exit status. */
int shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Of the initial namespace, wherever the caller is. 0 or -errno. */
int init_sysctl(const char *name, const char *value);
int init_sysctl_get(const char *name, char *buf, size_t room);

/* The limits of the machine's memory for one of its TCPs, and what they were. */
struct mem_limits {
	enum stack st;
	char was[128];
};

int mem_limits_get(struct mem_limits *m, enum stack st);
int mem_limits_set(const struct mem_limits *m, const char *pages);
int mem_limits_put(const struct mem_limits *m);

/*
 * A connection with so many bytes in its send buffer: the account tells of what a
 * CPU has charged a megabyte late, so it takes more than that. Bytes or -errno.
 */
#define MEM_HELD	(8 << 20)
int mem_hold(enum stack st, int fd[2]);

/* Byte @pos of the test stream: a period no segment size divides. */
static inline uint8_t pat(uint64_t pos)
{
	return (uint8_t)(pos * 31 + (pos >> 8) * 7 + (pos >> 16) + 0x21);
}

void pat_fill(void *buf, uint64_t pos, size_t len);
/* Offset of the first wrong byte, or -1. */
ssize_t pat_check(const void *buf, uint64_t pos, size_t len);

/* How many "Sockets", "Listeners", "Requests", "TimeWait" of ours; -1: no file. */
long xtcp_count(const char *what);

/* A counter by its name in /proc/net/snmp or netstat; XTCP has more. -1: none. */
long stack_count(enum stack st, const char *name);

/* A file, in one write. 0 or -errno. */
int file_put(const char *path, const char *text);

/*
 * Hosts have the names of IPv4 addresses, over IPv6 too; what is written as an
 * IPv6 address is that.
 */
#define ANY		"0.0.0.0"
#define LOOPBACK	"127.0.0.1"
void ip6_of(const char *text, uint8_t *bin);
union addr host(const char *text, uint16_t port);
/* bind() and connect(): 0, or -1 and errno. */
int bind_to(int fd, const union addr *a);
int connect_to(int fd, const union addr *a);
int to_device(int fd, const char *name);	/* SO_BINDTODEVICE; 0 or -errno */
/* An address for the device, and an MTU of so many bytes as it has with IPv4. */
int dev_up(const char *dev, const char *addr, int prefix, int mtu);

/* Sockets on the host itself. */
union addr local(uint16_t port);
uint16_t sock_port(int fd);
int st_bind(enum stack st, const char *addr, uint16_t port);
int st_listen(enum stack st, uint16_t port, int backlog);
int st_connect(enum stack st, uint16_t port);
/* fd[0] connected to fd[1]; 0 or -errno. */
int st_pair(enum stack client, enum stack server, int fd[2]);
/* Without TIME-WAIT, which would outlive a test and keep the module busy. */
void hard_close(int fd);
int set_int(int fd, int level, int name, int val);
int get_int(int fd, int level, int name);	/* or -errno */

/* Is there room, is there data: poll() for @ms, then the revents. */
short poll_now(int fd, short events);
short poll_for(int fd, short events, int ms);

/* All of it; bytes done before an error or EOF. */
ssize_t send_pat(int fd, uint64_t pos, size_t len);
ssize_t recv_pat(int fd, uint64_t pos, size_t len);

#endif /* XTCP_TEST_LIB_H */
