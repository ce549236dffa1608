/* SPDX-License-Identifier: MIT */
/*
 * Streams of both families on the kernel and on a stack, see dual.h: flags of the receiving calls,
 * several messages at once, what belongs to IPv6 alone.
 */
#include <netinet/tcp.h>

#include <linux/in6.h>

#include "dual6.h"

static void connected(struct side *w, int family, const char *address, int *out_client,
		      int *out_server)
{
	int listener = do_socket(w, family, SOCK_STREAM, 0);
	uint16_t port;

	assert_int_equal(bind_to(w, listener, address, 0), 0);
	assert_int_equal(do_listen(w, listener, 5), 0);
	port = port6_of(w, listener);
	*out_client = do_socket(w, family, SOCK_STREAM, 0);
	assert_int_equal(connect_to(w, *out_client, address, port), -EINPROGRESS);
	settle(w);
	assert_int_equal(connect_to(w, *out_client, address, port), 0);
	*out_server = do_accept(w, listener);
	assert_true(*out_server >= 0);
	assert_int_equal(do_close(w, listener), 0);
}

static void note_msg(struct side *w, const char *label, int fd, int flags, size_t room)
{
	_Alignas(struct cmsghdr) char control[256];
	char buf[100];
	char text[96];
	struct sockaddr_storage from = {0};
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_name = &from,
			     .msg_namelen = sizeof(from),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = room ? control : NULL,
			     .msg_controllen = room};
	long n;

	settle(w);
	n = w->st ? berth_recvmsg(w->st, fd, &msg, flags)
		  : or_errno(recvmsg(fd, &msg, flags | MSG_DONTWAIT));
	snprintf(text, sizeof(text), "flags %x, name %u, control %zu", (unsigned)msg.msg_flags,
		 msg.msg_namelen, msg.msg_controllen);
	note_text(w, label, n < 0 ? "-" : text);
	w->notes[w->count - 1].value = n;
}

static void flags(struct side *w, int family, const char *address)
{
	int client, server;

	connected(w, family, address, &client, &server);
	NOTE(w, do_send(w, client, "0123456789", 10, 0));
	settle(w);
	NOTE(w, do_recv(w, server, 4, MSG_PEEK));
	NOTE(w, do_recv(w, server, 20, MSG_PEEK | MSG_WAITALL));
	NOTE(w, do_recv(w, server, 20, MSG_ERRQUEUE));
	NOTE(w, do_recv(w, server, 1, MSG_OOB));
	NOTE(w, get_int(w, server, SOL_SOCKET, SO_PEEK_OFF));
	NOTE(w, set_int(w, server, SOL_SOCKET, SO_PEEK_OFF, 3));
	NOTE(w, do_recv(w, server, 4, MSG_PEEK));
	NOTE(w, get_int(w, server, SOL_SOCKET, SO_PEEK_OFF));
	NOTE(w, do_recv(w, server, 4, MSG_PEEK));
	NOTE(w, do_recv(w, server, 4, MSG_PEEK));
	NOTE(w, do_recv(w, server, 2, 0));
	NOTE(w, get_int(w, server, SOL_SOCKET, SO_PEEK_OFF));
	NOTE(w, do_recv(w, server, 4, MSG_PEEK));
	NOTE(w, set_int(w, server, SOL_SOCKET, SO_PEEK_OFF, -1));
	NOTE(w, do_recv(w, server, 2, MSG_TRUNC));
	note_msg(w, "before", server, 0, 200);
	NOTE(w, set_int(w, server, SOL_SOCKET, SO_TIMESTAMP, 1));
	if (!w->st)
		usleep(100000); /* the kernel begins to take times a little later */
	NOTE(w, do_send(w, client, "012345", 6, 0));
	note_msg(w, "no room for the time", server, MSG_PEEK, 0);
	note_msg(w, "the time", server, MSG_PEEK, 200);
	NOTE(w, set_int(w, server, SOL_SOCKET, SO_TIMESTAMP, 0));
	note_msg(w, "the rest", server, 0, 200);
	note_msg(w, "nothing", server, 0, 200);
	NOTE(w, do_send(w, client, "ab", 2, MSG_OOB));
	settle(w);
	NOTE(w, do_poll(w, server));
	NOTE(w, do_recv(w, server, 10, 0));
	note_msg(w, "urgent", server, MSG_OOB, 0);
	NOTE(w, do_send(w, client, "more", 4, MSG_MORE));
	NOTE(w, do_send(w, client, "!", 1, 0));
	settle(w);
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_shutdown(w, client, SHUT_WR));
	settle(w);
	NOTE(w, do_recv(w, server, 10, MSG_ERRQUEUE));
	NOTE(w, do_recv(w, server, 10, MSG_PEEK));
	NOTE(w, do_poll(w, server));
	NOTE(w, do_send(w, server, "x", 1, 0));
	NOTE(w, do_close(w, client));
	settle(w);
	NOTE(w, do_send(w, server, "x", 1, 0));
	settle(w);
	NOTE(w, do_poll(w, server));
	NOTE(w, do_recv(w, server, 10, 0));
	NOTE(w, do_send(w, server, "x", 1, 0));
}

static void case_flags4(struct side *w)
{
	flags(w, AF_INET, "127.0.0.1");
}

static void case_flags6(struct side *w)
{
	flags(w, AF_INET6, "::1");
}

static void refused(struct side *w, int family, const char *address)
{
	int closed = do_socket(w, family, SOCK_STREAM, 0);
	int fd = do_socket(w, family, SOCK_STREAM, 0);

	assert_int_equal(bind_to(w, closed, address, 0), 0);
	NOTE(w, connect_to(w, fd, address, port6_of(w, closed)));
	NOTE(w, do_poll(w, fd));
	note_name(w, "here", fd, false);
	note_name(w, "there", fd, true);
	NOTE(w, do_recv(w, fd, 10, MSG_ERRQUEUE));
	NOTE(w, connect_to(w, fd, address, port6_of(w, closed)));
	note_name(w, "after", fd, false);
	NOTE(w, do_listen(w, closed, 1));
	NOTE(w, connect_to(w, fd, address, port6_of(w, closed)));
	settle(w);
	NOTE(w, connect_to(w, fd, address, port6_of(w, closed)));
	struct sockaddr_storage unspec = {.ss_family = AF_UNSPEC};

	NOTE(w, do_connect(w, fd, &unspec, sizeof(struct sockaddr_in6)));
	note_name(w, "dissolved", fd, false);
	NOTE(w, do_poll(w, fd));
}

static void case_refused(struct side *w)
{
	refused(w, AF_INET6, "::1");
	refused(w, AF_INET6, "::ffff:127.0.0.1");
	refused(w, AF_INET, "127.0.0.1");
}

static long many(struct side *w, int fd, bool send, unsigned count, int flags, const void *to,
		 socklen_t len, unsigned *out_first)
{
	char buf[4][10] = {"a", "bb", "ccc", "dddd"};
	struct iovec iov[4];
	struct mmsghdr msgs[4] = {0};
	long n;

	for (unsigned i = 0; i < 4; i++) {
		iov[i] = (struct iovec){buf[i], send ? i + 1 : sizeof(buf[i])};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
		if (to) {
			memcpy(&msgs[i].msg_hdr.msg_name, &to, sizeof(to));
			msgs[i].msg_hdr.msg_namelen = len;
		}
	}
	if (!w->st)
		n = or_errno(send ? sendmmsg(fd, msgs, count, flags)
				  : recvmmsg(fd, msgs, count, flags | MSG_DONTWAIT, NULL));
	else
		n = send ? berth_sendmmsg(w->st, fd, msgs, count, flags)
			 : berth_recvmmsg(w->st, fd, msgs, count, flags);
	*out_first = msgs[0].msg_len;
	return n;
}

static void case_many(struct side *w)
{
	struct sockaddr_storage a;
	int fd = do_socket(w, AF_INET6, SOCK_DGRAM, 0);
	int closed = do_socket(w, AF_INET6, SOCK_DGRAM, 0);
	socklen_t len;
	unsigned first;

	assert_int_equal(bind_to(w, fd, "::1", 0), 0);
	len = any_addr(&a, "::1", port6_of(w, fd));
	NOTE(w, many(w, fd, true, 4, 0, NULL, 0, &first));
	NOTE(w, many(w, fd, true, 4, 0, &a, len, &first));
	NOTE(w, first);
	NOTE(w, many(w, fd, false, 0, 0, NULL, 0, &first));
	NOTE(w, many(w, fd, false, 3, MSG_WAITFORONE, NULL, 0, &first));
	NOTE(w, first);
	NOTE(w, many(w, fd, false, 4, 0, NULL, 0, &first));
	NOTE(w, first);
	NOTE(w, many(w, fd, false, 4, 0, NULL, 0, &first));
	NOTE(w, many(w, fd, false, 4, MSG_ERRQUEUE, NULL, 0, &first));
	assert_int_equal(bind_to(w, closed, "::1", 0), 0);
	NOTE(w, connect_to(w, fd, "::1", port6_of(w, closed)));
	assert_int_equal(do_close(w, closed), 0);
	NOTE(w, many(w, fd, true, 1, 0, NULL, 0, &first));
	settle(w);
	NOTE(w, many(w, fd, false, 4, 0, NULL, 0, &first));
	NOTE(w, many(w, fd, false, 4, 0, NULL, 0, &first));
}

static void case_flow(struct side *w)
{
	struct sockaddr_storage a;
	int client = do_socket(w, AF_INET6, SOCK_DGRAM, 0);

	(void)any_addr(&a, "::1", 9);
	((struct sockaddr_in6 *)(void *)&a)->sin6_flowinfo = htonl(0x12345);
	NOTE(w, do_connect(w, client, &a, sizeof(struct sockaddr_in6)));
	note_name(w, "not asked for", client, true);
	NOTE(w, set_int(w, client, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1));
	note_name(w, "set later", client, true);
	NOTE(w, do_connect(w, client, &a, sizeof(struct sockaddr_in6)));
	note_name(w, "asked for", client, true);
	note_name(w, "here", client, false);
	int server = do_socket(w, AF_INET6, SOCK_DGRAM, 0);

	assert_int_equal(bind_to(w, server, "::1", 0), 0);
	NOTE(w, set_int(w, server, IPPROTO_IPV6, IPV6_FLOWINFO, 1));
	NOTE(w, connect_to(w, client, "::1", port6_of(w, server)));
	NOTE(w, do_send(w, client, "x", 1, 0));
	note_recv(w, "received", server);
}

static void case_addrform(struct side *w)
{
	int client, server;

	connected(w, AF_INET6, "::1", &client, &server);
	NOTE(w, get_int(w, client, IPPROTO_IPV6, IPV6_ADDRFORM));
	NOTE(w, set_int(w, client, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET));
	NOTE(w, set_int(w, client, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET6));
	connected(w, AF_INET6, "::ffff:127.0.0.1", &client, &server);
	NOTE(w, get_int(w, client, IPPROTO_IPV6, IPV6_ADDRFORM));
	NOTE(w, set_int(w, client, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET));
	NOTE(w, get_int(w, client, SOL_SOCKET, SO_DOMAIN));
	note_name(w, "now IPv4", client, false);
	note_name(w, "its peer", client, true);
	note_name(w, "the other end", server, true);
	NOTE(w, do_send(w, client, "x", 1, 0));
	note_recv(w, "still connected", server);
	NOTE(w, do_send(w, server, "yy", 2, 0));
	note_recv(w, "both ways", client);
}

TEST6(flags4)
TEST6(flags6)
TEST6(refused)
TEST6(many)
TEST6(flow)
TEST6(addrform)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags4),	cmocka_unit_test(test_flags6),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_many),
		cmocka_unit_test(test_flow),	cmocka_unit_test(test_addrform),
	};

	return cmocka_run_group_tests(tests, own_loopback, NULL);
}
