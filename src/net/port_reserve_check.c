// SPDX-License-Identifier: GPL-2.0
/*
 * Does this kernel treat port reservations as port_reserve.c needs? That depends on
 * internals of bind() of the kernel's TCP, so it is tried when the module is loaded.
 */
#include <linux/err.h>
#include <linux/in.h>
#include <linux/net.h>
#include <net/ip.h>

#include "../compat/sock.h"
#include "port_reserve.h"
#include "ip.h"

/*
 * Try to bind a new socket of the kernel's TCP to @port, host byte order. Return: 0 or
 * -errno.
 */
static int check_kernel_bind(u16 port, bool reuseport)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port),
	};
	struct socket *sock;
	int err;

	err = sock_create_kern(&init_net, PF_INET, SOCK_STREAM, IPPROTO_TCP, &sock);
	if (err)
		return err;
	sock->sk->sk_reuseport = reuseport;
	err = kernel_bind(sock, (struct sockaddr_unsized *)&sin, sizeof(sin));
	sock_release(sock);
	return err;
}

/* @res is bound, @beside is not. Return: what fails, for the log; NULL: nothing. */
static const char *check_port(struct xtcp_reservation *res, struct xtcp_reservation *beside)
{
	u16 port = inet_sk(res->sk)->inet_num;

	if (!check_kernel_bind(port, false))
		return "the kernel's TCP binds a port that XTCP has";
	if (!check_kernel_bind(port, true))
		return "SO_REUSEPORT of the kernel's TCP shares a port that XTCP has";
	if (xtcp_reservation_bind(beside, port, true) == -EADDRINUSE)
		return "XTCP is in its own way on a port";
	if (xtcp_reservation_try_listen(res))
		return "a bound port cannot be asked whether it may listen";
	return NULL;
}

/**
 * xtcp_reservation_check - try port reservations in the initial namespace
 *
 * After xtcp_reservation_init(). A check that cannot be made, for example because a BPF
 * program of the cgroup refuses bind(), is assumed to succeed.
 *
 * Context: process, may sleep. Return: 0; -EOPNOTSUPP when the two TCPs would take
 * each other's ports; -errno.
 */
int xtcp_reservation_check(void)
{
	struct xtcp_binding binding = {};
	struct xtcp_reservation *res, *beside;
	const char *what = NULL;
	int err;

	xtcp_flow_set4(binding.addr, htonl(INADDR_LOOPBACK));
	res = xtcp_reservation_new_at(&init_net, &binding, SK_NO_REUSE);
	if (IS_ERR(res))
		return PTR_ERR(res);
	beside = xtcp_reservation_new_at(&init_net, &binding, SK_NO_REUSE);
	if (IS_ERR(beside)) {
		err = PTR_ERR(beside);
		goto out;
	}
	err = xtcp_reservation_bind(res, 0, false);
	if (err)
		pr_warn("xtcp: could not try how ports are shared with the kernel's TCP: %d\n", err);
	else
		what = check_port(res, beside);
	err = 0;
	if (what) {
		pr_err("xtcp: %s: not loaded\n", what);
		err = -EOPNOTSUPP;
	}
	xtcp_reservation_free(beside);
out:
	xtcp_reservation_free(res);
	return err;
}
