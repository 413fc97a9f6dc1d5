/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers that all tests of this directory share: sockets of both TCPs, network
 * namespaces, clocks, sysctls, counters, and a byte pattern that depends on a
 * byte's position in the stream.
 *
 * Functions that return an int return 0 or -errno unless said otherwise.
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
	MAPPED,		/* IPv6 sockets with v4-mapped addresses */
};

/* The address family of all sockets and addresses below. Default: V4. */
extern enum net net;

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;	/* the port is in the same place in both */
	struct sockaddr_in6 in6;
};

socklen_t addr_len(const union addr *a);

const char *stack_name(enum stack st);
/* For the command line: a name that is none ends the program. */
enum stack stack_named(const char *name);
int stack_socket(enum stack st, int flags);
bool stack_present(enum stack st);

/*
 * XTCP_REQUIRED=1: a missing module is a failure, not a reason to skip. run-vm
 * sets it, as it has loaded the module.
 */
bool stack_required(void);

/*
 * XTCP_NO_CONTROL=1: skip the variants that only show that the kernel's TCP
 * passes the same test.
 */
bool no_control(void);

/*
 * XTCP_NO_MAPPED=1: skip the variants with v4-mapped addresses. The V4 variants
 * cover their packets and the V6 variants their sockets.
 */
bool no_mapped(void);

/* XTCP_FAMILY=v4 or v6: of tests that have variants of both, run only those of this one. */
bool no_family(enum net family);

/*
 * XTCP_VIRTUAL_TIME=1: the guest's clock is virtual (qemu's -icount) and jumps
 * ahead when the guest is idle, so tests that wait for minutes may run.
 * scripts/vm sets it.
 */
bool virtual_time(void);

struct long_test {
	const char *name;
	struct long_test *next;
};

extern struct long_test *long_tests;
bool is_long_test(const char *name);	/* was it defined by LONG_TEST_F()? */

/* fork(); the child is killed when its parent exits. */
pid_t child(void);
/*
 * Close @fd here, then for the last time in a child that has first called
 * @become(@arg) to change its identity (a control group, say). The child runs as
 * SCHED_FIFO, so kernel workers run in between only if the child sleeps.
 */
int close_as(int fd, int (*become)(const char *arg), const char *arg);

uint64_t now_ms(void);
uint64_t now_us(void);
/*
 * CLOCK_MONOTONIC_COARSE in ms, for measuring the timeouts of system calls: it
 * advances with the timer tick, as they do, which a busy host delays and then
 * makes up for.
 */
uint64_t tick_ms(void);
void sleep_ms(unsigned int ms);

/* Move to a new network namespace, loopback up. */
int ns_new(void);
/* Bring @dev up; @addr (IPv4) NULL: no address; @mtu (bytes) 0: as it is. */
int ns_up(const char *dev, const char *addr, int prefix, int mtu);
/* Add an IPv6 address. It is valid on return: no duplicate address detection. */
int ns_addr6(const char *dev, const uint8_t *addr, int prefix);
int ns_tun(const char *name);	/* new TUN device; its non-blocking fd or -errno */
/* Write /proc/sys/net/@name in the namespace of the caller. */
int ns_sysctl(const char *name, const char *value);
/* system() with a format; returns the wait status. */
int shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* /proc/sys/net/@name of the initial namespace, wherever the caller is. */
int init_sysctl(const char *name, const char *value);
int init_sysctl_get(const char *name, char *buf, size_t room);

/* The memory limits of one TCP (tcp_mem or xtcp/mem), to be put back. */
struct mem_limits {
	enum stack st;
	char was[128];	/* three numbers, pages, as the sysctl prints them */
};

int mem_limits_get(struct mem_limits *m, enum stack st);
int mem_limits_set(const struct mem_limits *m, const char *pages);
int mem_limits_put(const struct mem_limits *m);

/*
 * A connection with up to MEM_HELD bytes written to fd[0] and none read. The memory
 * account lags by up to a megabyte per CPU, so tests of memory limits need more than
 * that. Returns the bytes written, or -errno.
 */
#define MEM_HELD	(8 << 20)
int mem_hold(enum stack st, int fd[2]);

/* Byte @pos of the test stream; no segment size is a multiple of its period. */
static inline uint8_t pat(uint64_t pos)
{
	return (uint8_t)(pos * 31 + (pos >> 8) * 7 + (pos >> 16) + 0x21);
}

void pat_fill(void *buf, uint64_t pos, size_t len);
/* Offset of the first wrong byte, or -1. */
ssize_t pat_check(const void *buf, uint64_t pos, size_t len);

/*
 * A column of /proc/net/xtcp_stat of this namespace, such as the current number of
 * "Sockets", "Listeners", "Requests", "TimeWait". -1: no such file or column.
 */
long xtcp_count(const char *what);

/*
 * A counter by its name in /proc/net/netstat or snmp; for XTCP any column of
 * xtcp_stat. -1: no such counter.
 */
long stack_count(enum stack st, const char *name);

/* Write @text to an existing file in one write(). */
int file_put(const char *path, const char *text);

/*
 * Tests name hosts by IPv4 addresses, over IPv6 too: ip6_of() maps the name to an
 * IPv6 address. A name that is an IPv6 address stands for itself.
 */
#define ANY		"0.0.0.0"
#define LOOPBACK	"127.0.0.1"
void ip6_of(const char *text, uint8_t *bin);
union addr host(const char *text, uint16_t port);
/* bind() and connect(): 0, or -1 and errno. */
int bind_to(int fd, const union addr *a);
int connect_to(int fd, const union addr *a);
int to_device(int fd, const char *name);	/* SO_BINDTODEVICE; 0 or -errno */
/*
 * Bring @dev up with a host's address. @mtu is in bytes for IPv4; with V6 the device
 * gets 20 more, for the longer header. 0: leave the MTU and add a further address.
 */
int dev_up(const char *dev, const char *addr, int prefix, int mtu);

/* Sockets on loopback. The st_ functions return an fd or -errno. */
union addr local(uint16_t port);
uint16_t sock_port(int fd);
int st_bind(enum stack st, const char *addr, uint16_t port);
int st_listen(enum stack st, uint16_t port, int backlog);
int st_connect(enum stack st, uint16_t port);
/* fd[0] connected to fd[1]; 0 or -errno. */
int st_pair(enum stack client, enum stack server, int fd[2]);
/*
 * Close with a RST (SO_LINGER of 0 s): a TIME-WAIT record would outlive the test
 * and keep the module busy.
 */
void hard_close(int fd);
int set_int(int fd, int level, int name, int val);
int get_int(int fd, int level, int name);	/* or -errno */

/* poll() without waiting, or for @ms; returns the revents, 0 after a timeout. */
short poll_now(int fd, short events);
short poll_for(int fd, short events, int ms);

/*
 * Send or receive bytes [@pos, @pos + @len) of the test stream. Returns the bytes
 * done before an error or EOF; recv_pat() returns -1 if a byte is wrong.
 */
ssize_t send_pat(int fd, uint64_t pos, size_t len);
ssize_t recv_pat(int fd, uint64_t pos, size_t len);

#endif /* XTCP_TEST_LIB_H */
