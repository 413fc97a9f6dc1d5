/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages instead of bytes, for sendfile() and splice(): up to 6.4 by operations of
 * their own, a page at a time; from 6.5 on by a flag of sendmsg(). Ours does the
 * latter, and the older operations make such a message of their page. Some of both
 * have an operation, too, that says that there is no more after all.
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

/* Pages come many at a time, and that a call follows is MSG_MORE. */
#define MSG_SENDPAGE_NOTLAST	0

#define XTCP_SPLICE_OPS	XTCP_SPLICE_EOF_OP

/* The kernel has taken MSG_SPLICE_PAGES out of what programs ask for. */
static inline int xtcp_program_flags(const struct msghdr *msg)
{
	return msg->msg_flags;
}

/*
 * The next page of a message, which is advanced by the bytes of it: so many are
 * returned. 0: none that can be referenced, copy it. The caller holds the pages.
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

/* A program may set the bit, which has no meaning and gets none here. */
static inline int xtcp_program_flags(const struct msghdr *msg)
{
	return msg->msg_flags & ~MSG_SPLICE_PAGES;
}

/* As above; the message is one of xtcp_sendpage_locked(). */
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

	/* Slab memory has no reference of its own: such bytes are copied. */
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
