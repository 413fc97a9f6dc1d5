// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "lib.h"

enum net net;

const char *stack_name(enum stack st)
{
	return st == XTCP ? "xtcp" : "kernel";
}

enum stack stack_named(const char *name)
{
	enum stack st;

	for (st = KERNEL; st <= XTCP; st++)
		if (!strcmp(name, stack_name(st)))
			return st;
	fprintf(stderr, "%s: no stack %s\n", program_invocation_short_name, name);
	exit(2);
}

int stack_socket(enum stack st, int flags)
{
	int type = SOCK_STREAM | flags;

	if (st == XTCP)
		return socket(AF_XTCP, type, net == V4 ? 0 : XTCP_V6);
	return socket(net == V4 ? AF_INET : AF_INET6, type, 0);
}

bool stack_present(enum stack st)
{
	int fd = stack_socket(st, 0);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool env_set(const char *name)
{
	const char *val = getenv(name);

	return val && strcmp(val, "1") == 0;
}

bool stack_required(void)
{
	return env_set("XTCP_REQUIRED");
}

bool no_control(void)
{
	return env_set("XTCP_NO_CONTROL");
}

bool no_mapped(void)
{
	return env_set("XTCP_NO_MAPPED");
}

bool no_family(enum net family)
{
	const char *only = getenv("XTCP_FAMILY");

	return only && *only && strcmp(only, family == V6 ? "v6" : "v4");
}

bool virtual_time(void)
{
	return env_set("XTCP_VIRTUAL_TIME");
}

struct long_test *long_tests;

bool is_long_test(const char *name)
{
	for (const struct long_test *t = long_tests; t; t = t->next)
		if (!strcmp(t->name, name))
			return true;
	return false;
}

pid_t child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

int close_as(int fd, int (*become)(const char *arg), const char *arg)
{
	const struct sched_param first = { .sched_priority = 1 };
	int go[2], status;
	char byte;
	pid_t pid;

	if (pipe(go))
		return -errno;
	pid = child();
	if (pid < 0)
		return -errno;
	if (!pid) {
		close(go[1]);
		if (sched_setscheduler(0, SCHED_FIFO, &first) || become(arg) ||
		    read(go[0], &byte, 1))
			_exit(1);
		close(fd);
		_exit(0);
	}
	close(fd);
	close(go[0]);
	close(go[1]);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ECHILD;
}

uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

uint64_t now_ms(void)
{
	return now_us() / 1000;
}

uint64_t tick_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * 1000000L };

	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		;
}

int file_put(const char *path, const char *text)
{
	int fd, ret = 0;

	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int shell(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return system(line);
}

int ns_sysctl(const char *name, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	return file_put(path, value);
}

/* Enter the network namespace of process 1; an fd of the previous one, or -errno. */
static int ns_visit(void)
{
	int here = open("/proc/self/ns/net", O_RDONLY), there = open("/proc/1/ns/net", O_RDONLY);

	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET))
		here = -errno;
	close(there);
	return here;
}

static void ns_return(int here)
{
	if (setns(here, CLONE_NEWNET))
		abort();
	close(here);
}

int init_sysctl(const char *name, const char *value)
{
	int here = ns_visit(), ret;

	if (here < 0)
		return here;
	ret = ns_sysctl(name, value);
	ns_return(here);
	return ret;
}

int init_sysctl_get(const char *name, char *buf, size_t room)
{
	int here = ns_visit(), fd;
	char path[256];
	ssize_t n = -1;

	if (here < 0)
		return here;
	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		n = read(fd, buf, room - 1);
		close(fd);
	}
	ns_return(here);
	if (n < 1)
		return -EIO;
	buf[n - 1] = 0;
	return 0;
}

static const char *mem_name(enum stack st)
{
	return st == XTCP ? "xtcp/mem" : "ipv4/tcp_mem";
}

int mem_limits_get(struct mem_limits *m, enum stack st)
{
	m->st = st;
	return init_sysctl_get(mem_name(st), m->was, sizeof(m->was));
}

int mem_limits_set(const struct mem_limits *m, const char *pages)
{
	return init_sysctl(mem_name(m->st), pages);
}

int mem_limits_put(const struct mem_limits *m)
{
	/* XTCP's limits follow the kernel's again once "default" is written. */
	return mem_limits_set(m, m->st == XTCP ? "default" : m->was);
}

int ns_up(const char *dev, const char *addr, int prefix, int mtu)
{
	struct sockaddr_in *sin;
	struct ifreq ifr = {};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), ret = 0;

	if (fd < 0)
		return -errno;
	strncpy(ifr.ifr_name, dev, IFNAMSIZ - 1);
	sin = (struct sockaddr_in *)&ifr.ifr_addr;
	if (addr) {
		sin->sin_family = AF_INET;
		inet_pton(AF_INET, addr, &sin->sin_addr);
		if (ioctl(fd, SIOCSIFADDR, &ifr))
			goto fail;
		sin->sin_addr.s_addr = htonl(~0U << (32 - prefix));
		if (ioctl(fd, SIOCSIFNETMASK, &ifr))
			goto fail;
	}
	if (mtu) {
		ifr.ifr_mtu = mtu;
		if (ioctl(fd, SIOCSIFMTU, &ifr))
			goto fail;
	}
	if (ioctl(fd, SIOCGIFFLAGS, &ifr))
		goto fail;
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		goto fail;
	close(fd);
	return 0;
fail:
	ret = -errno;
	close(fd);
	return ret;
}

int ns_new(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return ns_up("lo", NULL, 0, 0);
}

/* Does the address have its host route? A kernel worker adds it after a while. */
static bool is_reachable(const uint8_t *addr)
{
	char want[40], line[256];
	FILE *f = fopen("/proc/net/ipv6_route", "r");
	bool found = false;

	for (int i = 0; i < 16; i++)
		sprintf(want + 2 * i, "%02x", addr[i]);
	strcat(want, " 80 ");
	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, want, strlen(want));
	if (f)
		fclose(f);
	return found;
}

/*
 * By netlink, because only netlink can skip duplicate address detection
 * (IFA_F_NODAD), until whose end the address would be tentative.
 */
int ns_addr6(const char *dev, const uint8_t *addr, int prefix)
{
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg m;
		struct rtattr a;
		uint8_t addr[16];
	} req = {
		.h.nlmsg_len = sizeof(req),
		.h.nlmsg_type = RTM_NEWADDR,
		.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK,
		.m.ifa_family = AF_INET6,
		.m.ifa_prefixlen = prefix,
		.m.ifa_flags = IFA_F_NODAD,
		.m.ifa_index = if_nametoindex(dev),
		.a.rta_len = sizeof(req.a) + sizeof(req.addr),
		.a.rta_type = IFA_LOCAL,
	};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char rest[256];
	} answer = { .e.error = -EIO };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	memcpy(req.addr, addr, sizeof(req.addr));
	if (send(fd, &req, sizeof(req), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		answer.e.error = -errno;
	close(fd);
	for (int i = 0; !answer.e.error && !is_reachable(addr) && i < 3000; i++)
		sleep_ms(1);
	return answer.e.error;
}

int ns_tun(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK), err;

	if (fd < 0)
		return -errno;
	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (!ioctl(fd, TUNSETIFF, &ifr))
		return fd;
	err = errno;
	close(fd);
	return -err;
}

/*
 * The stream from @pos to the end of its block of 256 bytes, *@n bytes. Each block holds
 * the multiples of 31 (mod 256) in their order and begins at another one of them: as
 * 31 * 223 == 1 (mod 256), byte b is multiple 223 * b.
 */
static const uint8_t *pat_block(uint64_t pos, size_t *n)
{
	static uint8_t multiples[512];

	for (int i = 0; !multiples[511] && i < 512; i++)
		multiples[i] = 31 * i;
	*n = 256 - pos % 256;
	return multiples + (uint8_t)(223 * pat(pos));
}

void pat_fill(void *buf, uint64_t pos, size_t len)
{
	uint8_t *p = buf;
	size_t n;

	for (; len; len -= n, pos += n, p += n) {
		const uint8_t *want = pat_block(pos, &n);

		n = n < len ? n : len;
		memcpy(p, want, n);
	}
}

ssize_t pat_check(const void *buf, uint64_t pos, size_t len)
{
	const uint8_t *p = buf;
	size_t done, n;

	for (done = 0; done < len; done += n) {
		const uint8_t *want = pat_block(pos + done, &n);

		n = n < len - done ? n : len - done;
		if (!memcmp(p + done, want, n))
			continue;
		while (p[done] == *want++)
			done++;
		return done;
	}
	return -1;
}

/* ---- addresses ---- */

/*
 * Host a.b.c.d is fd00 followed by the four bytes a.b.c.d, then zeros and a final 1.
 * Each host thus has a prefix of its own, so limits per prefix apply per host. A
 * multicast group x.x.x.d becomes ff02::d.
 */
void ip6_of(const char *text, uint8_t *bin)
{
	uint8_t ip4[4];

	memset(bin, 0, 16);
	if (!inet_pton(AF_INET, text, ip4)) {
		inet_pton(AF_INET6, text, bin);
		return;
	}
	if (!strcmp(text, ANY))
		return;
	bin[15] = 1;
	if (!strcmp(text, LOOPBACK))
		return;
	if (ip4[0] >= 224) {
		bin[0] = 0xff;
		bin[1] = 2;
		bin[15] = ip4[3];
		return;
	}
	bin[0] = 0xfd;
	memcpy(bin + 2, ip4, sizeof(ip4));
}

socklen_t addr_len(const union addr *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

union addr host(const char *text, uint16_t port)
{
	union addr a = {};

	if (net == V4) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons(port);
		inet_pton(AF_INET, text, &a.in.sin_addr);
		return a;
	}
	a.in6.sin6_family = AF_INET6;
	a.in6.sin6_port = htons(port);
	if (net == MAPPED) {
		memset(a.in6.sin6_addr.s6_addr + 10, 0xff, 2);
		inet_pton(AF_INET, text, a.in6.sin6_addr.s6_addr + 12);
	} else {
		ip6_of(text, a.in6.sin6_addr.s6_addr);
	}
	return a;
}

int to_device(int fd, const char *name)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, strlen(name)) ? -errno : 0;
}

int bind_to(int fd, const union addr *a)
{
	return bind(fd, &a->sa, addr_len(a));
}

int connect_to(int fd, const union addr *a)
{
	return connect(fd, &a->sa, addr_len(a));
}

union addr local(uint16_t port)
{
	return host(LOOPBACK, port);
}

int dev_up(const char *dev, const char *addr, int prefix, int mtu)
{
	static unsigned char aliases;
	uint8_t bin[16];
	char alias[IFNAMSIZ];
	int err;

	if (net == V6) {
		/* The header is 20 bytes longer. */
		err = ns_up(dev, NULL, 0, mtu ? mtu + 20 : 0);
		ip6_of(addr, bin);
		return err ?: ns_addr6(dev, bin, 16 + prefix);
	}
	if (mtu)
		return ns_up(dev, addr, prefix, mtu);
	/* A further address, on an alias of the device. */
	aliases++;
	snprintf(alias, sizeof(alias), "%.8s:%hhu", dev, aliases);
	return ns_up(alias, addr, prefix, 0);
}

uint16_t sock_port(int fd)
{
	union addr a = {};
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.sa, &len))
		return 0;
	return ntohs(a.in.sin_port);
}

static int keep_errno(int fd)
{
	int err = errno;

	close(fd);
	return -err;
}

int st_bind(enum stack st, const char *addr, uint16_t port)
{
	union addr a = host(addr, port);
	int fd = stack_socket(st, 0);

	if (fd < 0)
		return -errno;
	return bind_to(fd, &a) ? keep_errno(fd) : fd;
}

int st_listen(enum stack st, uint16_t port, int backlog)
{
	int fd = st_bind(st, LOOPBACK, port);

	return fd >= 0 && listen(fd, backlog) ? keep_errno(fd) : fd;
}

int st_connect(enum stack st, uint16_t port)
{
	union addr a = local(port);
	int fd = stack_socket(st, 0);

	if (fd < 0)
		return -errno;
	if (connect_to(fd, &a))
		return keep_errno(fd);
	return fd;
}

int st_pair(enum stack client, enum stack server, int fd[2])
{
	int lfd = st_listen(server, 0, 8);

	if (lfd < 0)
		return lfd;
	fd[0] = st_connect(client, sock_port(lfd));
	if (fd[0] < 0) {
		close(lfd);
		return fd[0];
	}
	fd[1] = accept(lfd, NULL, NULL);
	if (fd[1] < 0) {
		close(fd[0]);
		return keep_errno(lfd);
	}
	close(lfd);
	return 0;
}

void hard_close(int fd)
{
	struct linger hard = { .l_onoff = 1 };

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
}

int set_int(int fd, int level, int name, int val)
{
	return setsockopt(fd, level, name, &val, sizeof(val)) ? -errno : 0;
}

int get_int(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int val = 0;

	return getsockopt(fd, level, name, &val, &len) ? -errno : val;
}

short poll_for(int fd, short events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, ms) < 0 ? -1 : p.revents;
}

short poll_now(int fd, short events)
{
	return poll_for(fd, events, 0);
}

ssize_t send_pat(int fd, uint64_t pos, size_t len)
{
	uint8_t buf[16384];
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = len - done < sizeof(buf) ? len - done : sizeof(buf);
		pat_fill(buf, pos + done, n);
		n = send(fd, buf, n, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		done += n;
	}
	return done;
}

ssize_t recv_pat(int fd, uint64_t pos, size_t len)
{
	uint8_t buf[16384];
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = len - done < sizeof(buf) ? len - done : sizeof(buf);
		n = recv(fd, buf, n, 0);
		if (n <= 0)
			break;
		if (pat_check(buf, pos + done, n) >= 0)
			return -1;
		done += n;
	}
	return done;
}

/* Lines of names alternate with lines of values, as in /proc/net/snmp. */
static long count_in(const char *path, const char *want)
{
	static char names[8192], values[8192];
	char *name, *value, *n, *v;
	FILE *f = fopen(path, "r");
	long found = -1;

	while (f && found < 0 && fgets(names, sizeof(names), f) &&
	       fgets(values, sizeof(values), f)) {
		name = strtok_r(names, "\n ", &n);
		value = strtok_r(values, "\n ", &v);
		while (name && value && found < 0) {
			if (!strcmp(name, want))
				found = strtol(value, NULL, 10);
			name = strtok_r(NULL, "\n ", &n);
			value = strtok_r(NULL, "\n ", &v);
		}
	}
	if (f)
		fclose(f);
	return found;
}

long stack_count(enum stack st, const char *name)
{
	long n;

	if (st == XTCP)
		return count_in("/proc/net/xtcp_stat", name);
	n = count_in("/proc/net/netstat", name);
	return n < 0 ? count_in("/proc/net/snmp", name) : n;
}

long xtcp_count(const char *what)
{
	return count_in("/proc/net/xtcp_stat", what);
}

int mem_hold(enum stack st, int fd[2])
{
	int ret = st_pair(st, st, fd);

	if (!ret)
		ret = set_int(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, MEM_HELD);
	if (ret)
		return ret;
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	return send_pat(fd[0], 0, MEM_HELD);
}
