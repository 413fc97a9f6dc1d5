/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages by reference, for sendfile() and splice(): up to 6.4 by the operations sendpage
 * and sendpage_locked, a page at a time; since 6.5 by MSG_SPLICE_PAGES of sendmsg().
 * XTCP implements the latter, and the older operations build such a message of their
 * page. splice_eof, which says that no more bytes follow, is in 6.5 and in late
 * releases of 6.1.
 */
#ifndef XTCP_COMPAT_SPLICE_H
#define XTCP_COMPAT_SPLICE_H

#include <linux/bvec.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/sock.h>

int xtcp_sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t size);
void xtcp_splice_eof(struct socket *sock);

#ifdef XTCP_SPLICE_EOF
#define XTCP_SPLICE_EOF_OP	.splice_eof = xtcp_splice_eof,
#else
#define XTCP_SPLICE_EOF_OP
#endif

#ifndef XTCP_SENDPAGE

/* Not needed: a message has many pages, and MSG_MORE says that another call follows. */
#define MSG_SENDPAGE_NOTLAST	0

#define XTCP_SPLICE_OPS	XTCP_SPLICE_EOF_OP

/* The kernel has removed MSG_SPLICE_PAGES from the flags of a program. */
static inline int xtcp_program_flags(const struct msghdr *msg)
{
	return msg->msg_flags;
}

/*
 * Take the next page of a message and advance the message. The pages stay the caller's.
 * Return: bytes in the page; 0 if it cannot be referenced and must be copied; -errno.
 */
static inline ssize_t xtcp_msg_page(struct msghdr *msg, struct page **page, size_t *offset)
{
	struct iov_iter *iter = &msg->msg_iter;
	ssize_t n;

	if (iov_iter_extract_will_pin(iter))
		return 0;
	n = iov_iter_extract_pages(iter, &page, PAGE_SIZE, 1, 0, offset);
	if (n > 0 && !sendpage_ok(*page)) {
		iov_iter_revert(iter, n);
		return 0;
	}
	return n ? n : -EIO;
}

#else

#ifndef MSG_SPLICE_PAGES
#define MSG_SPLICE_PAGES	0x8000000
#endif

#define XTCP_SPLICE_OPS	.sendpage = xtcp_sendpage, \
			.sendpage_locked = xtcp_sendpage_locked, XTCP_SPLICE_EOF_OP

/* In these kernels the bit has no meaning, but a program may set it: ignore it. */
static inline int xtcp_program_flags(const struct msghdr *msg)
{
	return msg->msg_flags & ~MSG_SPLICE_PAGES;
}

/* The same for the message that xtcp_sendpage_locked() builds: one page. */
static inline ssize_t xtcp_msg_page(struct msghdr *msg, struct page **page, size_t *offset)
{
	struct iov_iter *iter = &msg->msg_iter;
	size_t n = iov_iter_count(iter);

	*page = iter->bvec->bv_page;
	*offset = iter->bvec->bv_offset + iter->iov_offset;
	iov_iter_advance(iter, n);
	return n;
}

static inline int xtcp_sendpage_locked(struct sock *sk, struct page *page, int offset,
				       size_t size, int flags)
{
	struct bio_vec vec = { .bv_page = page, .bv_offset = offset, .bv_len = size };
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };

	/* Slab memory cannot be referenced by page: copy the bytes. */
	if (!sendpage_ok(page))
		return sock_no_sendpage_locked(sk, page, offset, size, flags);
	iov_iter_bvec(&msg.msg_iter, WRITE, &vec, 1, size);
	return xtcp_sendmsg_locked(sk, &msg, size);
}

static inline ssize_t xtcp_sendpage(struct socket *sock, struct page *page, int offset,
				    size_t size, int flags)
{
	struct sock *sk = sock->sk;
	int ret;

	lock_sock(sk);
	ret = xtcp_sendpage_locked(sk, page, offset, size, flags);
	release_sock(sk);
	return ret;
}

#endif

#endif /* XTCP_COMPAT_SPLICE_H */
