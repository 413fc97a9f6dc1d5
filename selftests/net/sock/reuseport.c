// SPDX-License-Identifier: GPL-2.0
/*
 * SO_REUSEPORT: listeners that share a port, and which of them gets a connection.
 */
#include <linux/filter.h>

#include "sock_test.h"

#define LISTENERS	4
#define PORT		7001

static int member(struct __test_metadata *_metadata, enum stack st)
{
	union addr sin = local(PORT);
	int fd = stack_socket(st, 0);

	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	ASSERT_EQ(0, bind_to(fd, &sin));
	ASSERT_EQ(0, listen(fd, 64));
	nonblocking(fd);
	return fd;
}

/* Attach a classic BPF program that always chooses the member @index. */
static int choose(int fd, uint32_t index)
{
	struct sock_filter ins = BPF_STMT(BPF_RET | BPF_K, index);
	struct sock_fprog prog = { .len = 1, .filter = &ins };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
			  sizeof(prog)) ? -errno : 0;
}

/* Make @n connections; @got: how many each listener accepted. */
static void spread(struct __test_metadata *_metadata, enum stack st, int n,
		   const int *lfd, int members, int *got)
{
	struct linger hard = { .l_onoff = 1 };
	int c, s;

	memset(got, 0, sizeof(*got) * members);
	for (int i = 0; i < n; i++) {
		c = st_connect(st, PORT);
		ASSERT_GE(c, 0);
		for (s = -1; s < 0;) {
			for (int j = 0; j < members && s < 0; j++) {
				s = lfd[j] < 0 ? -1 : accept(lfd[j], NULL, NULL);
				if (s >= 0)
					got[j]++;
			}
		}
		setsockopt(c, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(c);
		close(s);
	}
}

/* Each listener has its share; one that closes leaves its share to the others. */
TEST_F(one, each_listener_has_its_share)
{
	int lfd[LISTENERS], got[LISTENERS];

	for (int i = 0; i < LISTENERS; i++)
		lfd[i] = member(_metadata, variant->st);
	/* 100 each; a standard deviation is less than 9. */
	spread(_metadata, variant->st, 400, lfd, LISTENERS, got);
	for (int i = 0; i < LISTENERS; i++)
		ASSERT_GT(got[i], 50);
	close(lfd[2]);
	lfd[2] = -1;
	spread(_metadata, variant->st, 100, lfd, LISTENERS, got);
	ASSERT_EQ(0, got[2]);
	for (int i = 0; i < LISTENERS; i++)
		close(lfd[i]);
}

/* A program chooses by index, in order of listen(). */
TEST_F(one, program_chooses_by_index)
{
	int lfd[LISTENERS], got[LISTENERS];

	for (int i = 0; i < LISTENERS; i++)
		lfd[i] = member(_metadata, variant->st);
	for (int i = 0; i < LISTENERS; i++) {
		/* Any member may attach the program, which belongs to the group. */
		ASSERT_EQ(0, choose(lfd[(i + 1) % LISTENERS], i));
		spread(_metadata, variant->st, 5, lfd, LISTENERS, got);
		ASSERT_EQ(5, got[i]);
	}
	/* An index beyond the group: members are chosen as without a program. */
	ASSERT_EQ(0, choose(lfd[0], LISTENERS));
	spread(_metadata, variant->st, 100, lfd, LISTENERS, got);
	for (int i = 0; i < LISTENERS; i++)
		ASSERT_GT(got[i], 5);
	ASSERT_EQ(0, choose(lfd[0], 3));
	spread(_metadata, variant->st, 5, lfd, LISTENERS, got);
	ASSERT_EQ(5, got[3]);
	ASSERT_EQ(0, set_int(lfd[1], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, 0));
	spread(_metadata, variant->st, 100, lfd, LISTENERS, got);
	ASSERT_LT(got[3], 100);
	fails(ENOENT, setsockopt(lfd[1], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF,
				 &(int){ 0 }, sizeof(int)));
	for (int i = 0; i < LISTENERS; i++)
		close(lfd[i]);
}

/* A program that is attached before listen() applies to the group of the socket. */
TEST_F(one, program_before_listen)
{
	union addr sin = local(PORT);
	int lfd[2], got[2];

	ASSERT_EQ(-EINVAL, choose(self->fd, 1));
	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_REUSEPORT, 1));
	ASSERT_EQ(0, choose(self->fd, 1));
	ASSERT_EQ(0, bind_to(self->fd, &sin));
	ASSERT_EQ(0, listen(self->fd, 64));
	nonblocking(self->fd);
	lfd[0] = self->fd;
	lfd[1] = member(_metadata, variant->st);
	spread(_metadata, variant->st, 10, lfd, 2, got);
	ASSERT_EQ(10, got[1]);
	close(lfd[1]);
}

/* A port has one group: a socket with its own program cannot join an existing one. */
TEST_F(one, program_of_each)
{
	union addr sin = local(PORT);
	int fd = stack_socket(variant->st, 0);

	ASSERT_EQ(0, set_int(self->fd, SOL_SOCKET, SO_REUSEPORT, 1));
	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	ASSERT_EQ(0, choose(self->fd, 0));
	ASSERT_EQ(0, choose(fd, 0));
	ASSERT_EQ(0, bind_to(self->fd, &sin));
	fails(EADDRINUSE, bind_to(fd, &sin));
	close(fd);
	ASSERT_EQ(0, listen(self->fd, 1));
	close(member(_metadata, variant->st));
}

/* The program sees the segment's payload, of which a SYN has none. */
TEST_F(one, program_sees_the_segment)
{
	/* Choose by the number of payload bytes. */
	struct sock_filter ins[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog prog = { .len = 2, .filter = ins };
	int lfd[2], got[2];

	for (int i = 0; i < 2; i++)
		lfd[i] = member(_metadata, variant->st);
	ASSERT_EQ(0, setsockopt(lfd[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
				sizeof(prog)));
	spread(_metadata, variant->st, 10, lfd, 2, got);
	ASSERT_EQ(10, got[0]);
	for (int i = 0; i < 2; i++)
		close(lfd[i]);
}

/* A listener with SO_INCOMING_CPU of the CPU that handles the SYN is preferred. */
TEST_F(one, listener_of_the_cpu_is_preferred)
{
	int lfd[LISTENERS], got[LISTENERS];

	for (int i = 0; i < LISTENERS; i++)
		lfd[i] = member(_metadata, variant->st);
	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++)
		ASSERT_EQ(0, set_int(lfd[cpu], SOL_SOCKET, SO_INCOMING_CPU, cpu));
	spread(_metadata, variant->st, 40, lfd, LISTENERS, got);
	ASSERT_EQ(0, got[LISTENERS - 1]);
	for (int i = 0; i < LISTENERS; i++)
		close(lfd[i]);
}

static int migrate(enum stack st, const char *value)
{
	return ns_sysctl(st == XTCP ? "xtcp/migrate_req" : "ipv4/tcp_migrate_req", value);
}

/*
 * Unaccepted connections of a closed listener move to another one of the group with
 * tcp_migrate_req, and are reset without.
 */
TEST_F(one, closes_with_connections)
{
	struct linger hard = { .l_onoff = 1 };
	int lfd[2], c[8], s, n, err;
	long moved, lost;
	char byte;

	for (int on = 0; on < 2; on++) {
		ASSERT_EQ(0, migrate(variant->st, on ? "1" : "0"));
		lfd[0] = member(_metadata, variant->st);
		lfd[1] = member(_metadata, variant->st);
		ASSERT_EQ(0, choose(lfd[0], 0));
		for (int i = 0; i < 8; i++) {
			c[i] = st_connect(variant->st, PORT);
			ASSERT_GE(c[i], 0);
			ASSERT_EQ(1, send(c[i], "x", 1, 0));
		}
		moved = stack_count(variant->st, "TCPMigrateReqSuccess");
		lost = stack_count(variant->st, "TCPMigrateReqFailure");
		ASSERT_EQ(0, close(lfd[0]));
		ASSERT_EQ(on ? 8 : 0, stack_count(variant->st, "TCPMigrateReqSuccess") - moved);
		ASSERT_EQ(0, stack_count(variant->st, "TCPMigrateReqFailure") - lost);
		for (n = 0; (s = accept(lfd[1], NULL, NULL)) >= 0; n++) {
			ASSERT_EQ(1, recv(s, &byte, 1, 0));
			setsockopt(s, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
			close(s);
		}
		ASSERT_EQ(on ? 8 : 0, n);
		for (int i = 0; i < 8; i++) {
			err = get_int(c[i], SOL_SOCKET, SO_ERROR);
			ASSERT_EQ(ECONNRESET, err);
			close(c[i]);
		}
		close(lfd[1]);
	}
}

/* The last listener of a group cannot migrate its connections. */
TEST_F(one, last_closes_with_connections)
{
	long moved, lost;
	int lfd, c[3];

	ASSERT_EQ(0, migrate(variant->st, "1"));
	lfd = member(_metadata, variant->st);
	for (int i = 0; i < 3; i++) {
		c[i] = st_connect(variant->st, PORT);
		ASSERT_GE(c[i], 0);
	}
	moved = stack_count(variant->st, "TCPMigrateReqSuccess");
	lost = stack_count(variant->st, "TCPMigrateReqFailure");
	ASSERT_EQ(0, close(lfd));
	ASSERT_EQ(0, stack_count(variant->st, "TCPMigrateReqSuccess") - moved);
	ASSERT_EQ(3, stack_count(variant->st, "TCPMigrateReqFailure") - lost);
	for (int i = 0; i < 3; i++)
		close(c[i]);
}

TEST_HARNESS_MAIN
