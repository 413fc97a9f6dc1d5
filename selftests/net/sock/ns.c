// SPDX-License-Identifier: GPL-2.0
/*
 * Network namespaces: a namespace that dies frees what is in it, in whatever state
 * that is, and nothing of one is seen in another.
 *
 * A namespace has gone when its end of a veth pair has, which removes the end here.
 */
#include <net/if.h>
#include <sched.h>
#include <stdio.h>

#include "sock_test.h"

#define PORT	7000

FIXTURE(ns)
{
	int outer;		/* this test's own namespace */
};

FIXTURE_VARIANT(ns)
{
	enum stack st;
	enum net net;
};

EACH_STACK(ns)

FIXTURE_SETUP(ns)
{
	variant_begins(variant->st, variant->st, variant->net);
	ASSERT_EQ(0, ns_new());
	self->outer = open("/proc/self/ns/net", O_RDONLY);
	ASSERT_GE(self->outer, 0);
}

FIXTURE_TEARDOWN(ns)
{
	close(self->outer);
}

/*
 * The child is alone in a namespace of its own, joined to ours by a pair of
 * devices: v0 here with 10.3.0.1, v1 there with 10.3.0.2.
 */
struct other {
	pid_t pid;
	int go;			/* pipe to the child; a byte starts its next step */
	int said;		/* pipe from the child; a byte: a step is done */
};

#define HERE	"10.3.0.1"
#define THERE	"10.3.0.2"

static void step(int fd)
{
	char byte = 0;

	if (write(fd, &byte, 1) != 1)
		_exit(100);
}

static bool wait_step(int fd)
{
	char byte;

	return poll_for(fd, POLLIN, 60000) & POLLIN && read(fd, &byte, 1) == 1;
}

static int enter(struct other *o)
{
	int go[2], said[2];

	if (pipe(go) || pipe(said))
		return -errno;
	o->pid = child();
	if (o->pid < 0)
		return -errno;
	if (!o->pid) {
		if (unshare(CLONE_NEWNET))
			_exit(101);
		step(said[1]);
		if (!wait_step(go[0]) || dev_up("v1", THERE, 24, 1500) ||
		    ns_up("lo", NULL, 0, 0))
			_exit(102);
		o->go = go[0];
		o->said = said[1];
		return 0;
	}
	close(go[0]);
	close(said[1]);
	o->go = go[1];
	o->said = said[0];
	if (!wait_step(o->said) ||
	    shell("ip link add v0 type veth peer name v1 netns %d", o->pid) ||
	    dev_up("v0", HERE, 24, 1500))
		return -EIO;
	step(o->go);
	return 0;
}

/* Does the device here, and so the namespace there, go away within @seconds? */
static bool gone(int seconds)
{
	for (int i = 0; i < seconds * 2; i++) {
		if (!if_nametoindex("v0"))
			return true;
		sleep_ms(500);
	}
	return false;
}

static int end(struct other *o)
{
	int status;

	kill(o->pid, SIGKILL);
	close(o->go);
	close(o->said);
	return waitpid(o->pid, &status, 0) == o->pid ? 0 : -1;
}

static int dial(enum stack st, const char *to, uint16_t port, int flags)
{
	union addr a = host(to, port);
	int fd = stack_socket(st, flags);

	if (fd < 0)
		return -errno;
	if (connect_to(fd, &a) && errno != EINPROGRESS)
		return -errno;
	return fd;
}

static int serve(enum stack st, const char *on, uint16_t port)
{
	int fd = st_bind(st, on, port);

	return fd >= 0 && listen(fd, 8) ? -errno : fd;
}

/*
 * Each function makes what is in the namespace when its last process exits. Returns 0
 * on success.
 */
static int bound(enum stack st)
{
	return st_bind(st, THERE, 7100) < 0;
}

static int listening(enum stack st)
{
	return serve(st, ANY, 7100) < 0;
}

static int connecting(enum stack st)
{
	return dial(st, "10.3.0.9", PORT, SOCK_NONBLOCK) < 0;
}

static int established(enum stack st)
{
	return dial(st, HERE, PORT, 0) < 0;
}

/* Fills the buffers of both ends, for which 30 MB must suffice. */
static int unsent(enum stack st)
{
	static char buf[100000];
	int fd = dial(st, HERE, PORT, 0), i;

	if (fd < 0)
		return 1;
	nonblocking(fd);
	for (i = 0; i < 300 && send(fd, buf, sizeof(buf), 0) > 0; i++)
		;
	return i == 300;
}

/* Packets wait in a qdisc that delays each by a second. */
static int queued(enum stack st)
{
	char buf[5000] = {};
	int fd = dial(st, HERE, PORT, 0);

	if (fd < 0 || shell("tc qdisc add dev v1 root netem delay 1s"))
		return 1;
	return send(fd, buf, sizeof(buf), 0) != sizeof(buf);
}

static int time_wait(enum stack st)
{
	int lfd = serve(st, LOOPBACK, 7100), c = dial(st, LOOPBACK, 7100, 0), s;

	s = accept(lfd, NULL, NULL);
	close(c);
	sleep_ms(20);
	close(s);
	sleep_ms(50);
	return st == XTCP ? xtcp_count("TimeWait") < 1 : 0;
}

/* A rule drops the SYN-ACKs, so the request stays half-open. */
static int half_open(enum stack st)
{
	int lfd = serve(st, LOOPBACK, 7100);

	if (lfd < 0 || shell("nft 'add table inet t; "
			     "add chain inet t out { type filter hook output priority 0; };"
			     "add rule inet t out tcp sport 7100 drop'"))
		return 1;
	if (dial(st, LOOPBACK, 7100, SOCK_NONBLOCK) < 0)
		return 1;
	sleep_ms(50);
	return st == XTCP ? xtcp_count("Requests") != 1 : 0;
}

static int accepted_by_nobody(enum stack st)
{
	int lfd = serve(st, LOOPBACK, 7100);

	return lfd < 0 || dial(st, LOOPBACK, 7100, 0) < 0;
}

/* A socket that is closed with bytes that its peer does not read. */
static int orphan(enum stack st)
{
	static char buf[100000];
	int fd = dial(st, HERE, PORT, 0);

	if (fd < 0)
		return 1;
	nonblocking(fd);
	while (send(fd, buf, sizeof(buf), 0) > 0)
		;
	/* The namespace lives until the orphan ends: not for minutes. */
	set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 2000);
	close(fd);
	return 0;
}

static const struct {
	const char *name;
	int (*made)(enum stack st);
	int seconds;		/* for which the namespace may live on */
} states[] = {
	{ "bound", bound, 10 },
	{ "listening", listening, 10 },
	{ "connecting", connecting, 200 },
	{ "established", established, 90 },
	{ "with bytes unsent", unsent, 400 },
	{ "with packets in a queue", queued, 90 },
	{ "in TIME-WAIT", time_wait, 10 },
	{ "half open", half_open, 90 },
	{ "not accepted", accepted_by_nobody, 90 },
	{ "orphan", orphan, 400 },
};

TEST_F_TIMEOUT(ns, connections_die_with_their_namespace, 3000)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct other o;
		int lfd;

		if (states[i].seconds > 90 && !virtual_time())
			continue;
		ASSERT_EQ(0, enter(&o));
		if (!o.pid) {
			if (!wait_step(o.go) || states[i].made(variant->st))
				_exit(103);
			step(o.said);
			pause();
		}
		TH_LOG("%s", states[i].name);
		lfd = serve(variant->st, HERE, PORT);
		ASSERT_GE(lfd, 0);
		step(o.go);
		ASSERT_TRUE(wait_step(o.said));
		ASSERT_EQ(0, end(&o));
		ASSERT_TRUE(gone(states[i].seconds));
		close(lfd);
	}
}

/* The peer of a connection vanishes with its whole host. */
TEST_F_TIMEOUT(ns, peer_may_die_with_its_host, 60)
{
	struct other o;
	int lfd, s;

	ASSERT_EQ(0, enter(&o));
	if (!o.pid) {
		if (!wait_step(o.go) || established(variant->st))
			_exit(103);
		step(o.said);
		pause();
	}
	lfd = serve(variant->st, HERE, PORT);
	ASSERT_GE(lfd, 0);
	step(o.go);
	ASSERT_TRUE(wait_step(o.said));
	s = accept(lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(0, set_int(s, IPPROTO_TCP, TCP_USER_TIMEOUT, 2000));
	ASSERT_EQ(0, end(&o));
	/* Its FIN may have arrived; either way writing fails in the end. */
	for (int i = 0; i < 100 && send(s, "x", 1, MSG_NOSIGNAL) == 1; i++)
		sleep_ms(100);
	EXPECT_EQ(-1, send(s, "x", 1, MSG_NOSIGNAL));
	close(s);
	close(lfd);
}

/* A socket belongs to the namespace it was made in, wherever its process goes. */
TEST_F(ns, socket_stays_in_its_namespace)
{
	int lfd = st_listen(variant->st, PORT, 5), fd, c, s;
	union addr to = local(PORT);

	ASSERT_GE(lfd, 0);
	fd = stack_socket(variant->st, 0);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, ns_up("lo", NULL, 0, 0));
	fails(ECONNREFUSED, (errno = -st_connect(variant->st, PORT), errno ? -1 : 0));
	/* The same port is free in this namespace. */
	c = st_listen(variant->st, PORT, 5);
	ASSERT_GE(c, 0);
	close(c);
	ASSERT_EQ(0, connect_to(fd, &to));
	s = accept(lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(100, send_pat(fd, 0, 100));
	ASSERT_EQ(100, recv_pat(s, 0, 100));
	close(fd);
	close(s);
	close(lfd);
}

/* Tables, counters and sysctls of one namespace are not seen in another. */
TEST_F(ns, sees_nothing_of_another)
{
	char line[256];
	int lfd, n = 0;
	FILE *f;

	if (variant->st == KERNEL)
		SKIP_TEST("of XTCP's files");
	lfd = st_listen(XTCP, PORT, 5);
	ASSERT_GE(lfd, 0);
	ASSERT_EQ(1, xtcp_count("Listeners"));
	ASSERT_EQ(0, ns_sysctl("xtcp/keepalive_time", "77"));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(0, xtcp_count("Listeners"));
	f = fopen(net == V6 ? "/proc/net/xtcp6" : "/proc/net/xtcp", "r");
	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f))
		n++;
	fclose(f);
	EXPECT_EQ(1, n);
	f = fopen("/proc/sys/net/xtcp/keepalive_time", "r");
	ASSERT_NE(NULL, f);
	ASSERT_NE(NULL, fgets(line, sizeof(line), f));
	fclose(f);
	EXPECT_NE(77, atoi(line));
	close(lfd);
}

TEST_HARNESS_MAIN
