/* SPDX-License-Identifier: MIT */
/*
 * The error queue beyond errors, marks, and who of a group gets a packet, on the kernel and on a
 * stack, see dual.h: MSG_ZEROCOPY, SO_RCVMARK, SO_RCVPRIORITY, SO_ATTACH_REUSEPORT_CBPF; times of
 * streams; filters of AF_UNIX.
 */
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <linux/filter.h>
#include <linux/net_tstamp.h>

#include "dual_msg.h"

#define ZEROCOPY_NUMBER 60
#define RCVMARK_NUMBER 75
#define RCVPRIORITY_NUMBER 82
#define ATTACH_CHOOSER 51
#define DETACH_CHOOSER 68
#define ZEROCOPY_FLAG 0x4000000

/* The kernel lets go of memory with the acknowledgment. */
static void pause_for(struct side *w)
{
	if (!w->st)
		usleep(20000);
}

static void case_zerocopy_stream(struct side *w)
{
	int client, server;

	make_pair(w, &client, &server);
	NOTE(w, get_int(w, client, SOL_SOCKET, ZEROCOPY_NUMBER));
	NOTE(w, do_send(w, client, "ignored", 7, ZEROCOPY_FLAG));
	pause_for(w);
	note_msg(w, "nothing", client, MSG_ERRQUEUE);
	NOTE(w, set_int(w, client, SOL_SOCKET, ZEROCOPY_NUMBER, 2));
	NOTE(w, set_int(w, client, SOL_SOCKET, ZEROCOPY_NUMBER, -1));
	NOTE(w, set_int(w, client, SOL_SOCKET, ZEROCOPY_NUMBER, 1));
	NOTE(w, get_int(w, client, SOL_SOCKET, ZEROCOPY_NUMBER));
	NOTE(w, do_send(w, client, "plain", 5, 0));
	NOTE(w, do_send(w, client, "", 0, ZEROCOPY_FLAG));
	NOTE(w, do_send(w, client, "one", 3, ZEROCOPY_FLAG));
	NOTE(w, do_recv(w, server, 100, 0));
	pause_for(w);
	NOTE(w, do_poll(w, client));
	note_msg(w, "the first", client, MSG_ERRQUEUE);
	NOTE(w, do_poll(w, client));
	NOTE(w, get_int(w, client, SOL_SOCKET, SO_ERROR));
	for (int i = 0; i < 3; i++) {
		NOTE(w, do_send(w, client, "more", 4, ZEROCOPY_FLAG));
		settle(w);
		NOTE(w, do_recv(w, server, 100, 0));
		pause_for(w);
	}
	note_msg(w, "three in one", client, MSG_ERRQUEUE);
	note_msg(w, "no more", client, MSG_ERRQUEUE);
}

static void zerocopy_datagram(struct side *w, int family, const char *address)
{
	int fd = do_socket(w, family, SOCK_DGRAM, 0);
	uint16_t port;

	assert_int_equal(bind_to(w, fd, address, 0), 0);
	port = port6_of(w, fd);
	assert_int_equal(connect_to(w, fd, address, port), 0);
	NOTE(w, set_int(w, fd, SOL_SOCKET, ZEROCOPY_NUMBER, 1));
	for (int i = 0; i < 2; i++) {
		NOTE(w, do_send(w, fd, "hello", 5, ZEROCOPY_FLAG));
		settle(w);
		NOTE(w, do_recv(w, fd, 100, 0));
	}
	NOTE(w, do_poll(w, fd));
	note_msg(w, "two in one", fd, MSG_ERRQUEUE);
	NOTE(w, do_poll(w, fd));
	NOTE(w, set_int(w, fd, SOL_SOCKET, ZEROCOPY_NUMBER, 0));
	NOTE(w, do_send(w, fd, "hello", 5, ZEROCOPY_FLAG));
	note_msg(w, "none", fd, MSG_ERRQUEUE);
}

static void case_zerocopy_datagram(struct side *w)
{
	zerocopy_datagram(w, AF_INET, "127.0.0.1");
	zerocopy_datagram(w, AF_INET6, "::1");
}

static void case_zerocopy_others(struct side *w)
{
	int fd = do_socket(w, AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);

	if (fd >= 0)
		NOTE(w, set_int(w, fd, SOL_SOCKET, ZEROCOPY_NUMBER, 1));
	fd = do_socket(w, AF_UNIX, SOCK_STREAM, 0);
	NOTE(w, set_int(w, fd, SOL_SOCKET, ZEROCOPY_NUMBER, 1));
	fd = do_socket(w, AF_NETLINK, SOCK_RAW, 0);
	NOTE(w, set_int(w, fd, SOL_SOCKET, ZEROCOPY_NUMBER, 1));
}

static void priority(struct side *w, int family, const char *address)
{
	int fd = do_socket(w, family, SOCK_DGRAM, 0);
	int given = 5;
	uint16_t port;

	assert_int_equal(bind_to(w, fd, address, 0), 0);
	port = port6_of(w, fd);
	NOTE(w, set_int(w, fd, SOL_SOCKET, RCVPRIORITY_NUMBER, 1));
	NOTE(w, set_int(w, fd, SOL_SOCKET, RCVMARK_NUMBER, 1));
	NOTE(w, send_to(w, fd, address, port));
	note_msg(w, "none", fd, 0);
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_PRIORITY, 3));
	NOTE(w, send_to(w, fd, address, port));
	note_msg(w, "the socket's", fd, 0);
	NOTE(w, send_piece(w, fd, address, port, 3, SOL_SOCKET, SO_PRIORITY, &given, 4));
	note_msg(w, "the piece's", fd, 0);
	NOTE(w, send_piece(w, fd, address, port, 3, SOL_SOCKET, SO_PRIORITY, &given, 2));
	/* The class of an old type of service is a priority. */
	given = 0x10;
	if (family == AF_INET) {
		NOTE(w, send_piece(w, fd, address, port, 3, IPPROTO_IP, IP_TOS, &given, 4));
		note_msg(w, "the class's", fd, 0);
	}
}

static void case_priority(struct side *w)
{
	priority(w, AF_INET, "127.0.0.1");
	priority(w, AF_INET6, "::1");
}

static bool kernel_lets_mark(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int mark = 1;
	bool lets = setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0;

	close(fd);
	return lets;
}

static void case_mark(struct side *w)
{
	int fd = do_socket(w, AF_INET, SOCK_DGRAM, 0);
	unsigned given = 0x12340007;
	uint16_t port;

	assert_int_equal(bind_to(w, fd, "127.0.0.1", 0), 0);
	port = port6_of(w, fd);
	NOTE(w, set_int(w, fd, SOL_SOCKET, RCVMARK_NUMBER, 1));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_MARK, 77));
	NOTE(w, send_to(w, fd, "127.0.0.1", port));
	note_msg(w, "the socket's", fd, 0);
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, SOL_SOCKET, SO_MARK, &given, 4));
	note_msg(w, "the piece's", fd, 0);
}

#define STREAM_TIMES                                                                               \
	(SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_ACK)

static void note_times(struct side *w, int fd, int count)
{
	pause_for(w);
	NOTE(w, do_poll(w, fd));
	for (int i = 0; i < count; i++)
		note_msg(w, "a time", fd, MSG_ERRQUEUE);
	note_msg(w, "no more", fd, MSG_ERRQUEUE);
}

static long send_marked(struct side *w, int fd, size_t bytes, int flags)
{
	return send_piece(w, fd, NULL, 0, bytes, SOL_SOCKET, SO_TIMESTAMPING, &flags,
			  sizeof(flags));
}

static void times(struct side *w, int family, const char *address)
{
	int listener = do_socket(w, family, SOCK_STREAM, 0);
	int client = do_socket(w, family, SOCK_STREAM, 0);
	int all = STREAM_TIMES | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
		  SOF_TIMESTAMPING_OPT_TSONLY;
	uint16_t port;

	assert_int_equal(bind_to(w, listener, address, 0), 0);
	NOTE(w, do_listen(w, listener, 5));
	port = port6_of(w, listener);
	NOTE(w, set_int(w, client, SOL_SOCKET, SO_TIMESTAMPING, all));
	NOTE(w, connect_to(w, client, address, port));
	settle(w);
	NOTE(w, try_accept(w, listener));
	NOTE(w, do_send(w, client, "before", 6, 0));
	pause_for(w);
	NOTE(w, set_int(w, client, SOL_SOCKET, SO_TIMESTAMPING, all));
	NOTE(w, do_send(w, client, "01234", 5, 0));
	note_times(w, client, 3);
	NOTE(w, do_send(w, client, "567", 3, 0));
	note_times(w, client, 3);
	/* Set again it goes on; taken away and given back it begins anew. */
	NOTE(w, set_int(w, client, SOL_SOCKET, SO_TIMESTAMPING, all & ~SOF_TIMESTAMPING_TX_SCHED));
	NOTE(w, do_send(w, client, "89", 2, 0));
	note_times(w, client, 2);
	NOTE(w, set_int(w, client, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE));
	NOTE(w, do_send(w, client, "none", 4, 0));
	note_times(w, client, 0);
	NOTE(w, set_int(w, client, SOL_SOCKET, SO_TIMESTAMPING,
			SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
				SOF_TIMESTAMPING_OPT_TSONLY | 0x10000 /* OPT_ID_TCP */));
	NOTE(w, do_send(w, client, "0123456789", 10, 0));
	NOTE(w, send_marked(w, client, 3, SOF_TIMESTAMPING_TX_ACK));
	note_times(w, client, 1);
	NOTE(w, send_marked(w, client, 3, SOF_TIMESTAMPING_TX_SOFTWARE));
	note_times(w, client, 1);
	NOTE(w, send_marked(w, client, 3, 0));
	note_times(w, client, 0);
	NOTE(w, send_marked(w, client, 3, SOF_TIMESTAMPING_OPT_ID));
	/* With the packet, and without a number. */
	NOTE(w, set_int(w, client, SOL_SOCKET, SO_TIMESTAMPING,
			SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE));
	NOTE(w, do_send(w, client, "packet", 6, 0));
	note_times(w, client, 1);
}

static void case_times(struct side *w)
{
	times(w, AF_INET, "127.0.0.1");
	times(w, AF_INET6, "::1");
}

/* The first byte of a packet, or what is added to it, is the place of who gets it. */
static long set_chooser(struct side *w, int fd, uint32_t add)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, add),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = {3, code};

	return do_set(w, fd, SOL_SOCKET, ATTACH_CHOOSER, &program, sizeof(program));
}

#define MEMBERS 4

static int member(struct side *w, int type, uint16_t port)
{
	struct sockaddr_in in = in_addr_of("127.0.0.1", port);
	int fd = do_socket(w, AF_INET, type, 0);

	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_REUSEPORT, 1));
	NOTE(w, do_bind(w, fd, &in, sizeof(in)));
	if (type == SOCK_STREAM)
		NOTE(w, do_listen(w, fd, 5));
	return fd;
}

/* Who got the datagram. */
static long choice(struct side *w, const int *members, int from, uint16_t port, char first)
{
	struct sockaddr_in in = in_addr_of("127.0.0.1", port);
	long got = -1;

	(void)do_sendto(w, from, &first, 1, 0, &in, sizeof(in));
	settle(w);
	for (int i = 0; i < MEMBERS; i++) {
		if (members[i] >= 0 && do_recv(w, members[i], 10, MSG_DONTWAIT) == 1)
			got = i;
	}
	return got;
}

static void case_choose_datagram(struct side *w)
{
	int members[MEMBERS], from, alone = do_socket(w, AF_INET, SOCK_DGRAM, 0);
	uint16_t port;

	NOTE(w, set_chooser(w, alone, 0));
	NOTE(w, set_int(w, alone, SOL_SOCKET, DETACH_CHOOSER, 0));
	from = bound(w, SOCK_DGRAM, "127.0.0.1", 0);
	NOTE(w, set_chooser(w, from, 0));
	members[0] = member(w, SOCK_DGRAM, 0);
	port = port_of(w, members[0]);
	NOTE(w, set_int(w, members[0], SOL_SOCKET, DETACH_CHOOSER, 0));
	members[1] = member(w, SOCK_DGRAM, port);
	NOTE(w, set_chooser(w, members[1], 0));
	members[2] = member(w, SOCK_DGRAM, port); /* joins what is there */
	members[3] = member(w, SOCK_DGRAM, port);
	for (char i = 0; i < MEMBERS; i++)
		NOTE(w, choice(w, members, from, port, i));
	NOTE(w, choice(w, members, from, port, 9) >= 0); /* nobody's place: somebody */
	NOTE(w, set_chooser(w, members[3], 1));
	NOTE(w, choice(w, members, from, port, 2));
	/* The last takes the place of one who leaves; the filter stays. */
	NOTE(w, do_close(w, members[1]));
	members[1] = -1;
	for (char i = 0; i < MEMBERS - 2; i++)
		NOTE(w, choice(w, members, from, port, i) == 0 ? 0
							       : choice(w, members, from, port, i));
	NOTE(w, set_int(w, members[2], SOL_SOCKET, DETACH_CHOOSER, 0));
	NOTE(w, set_int(w, members[2], SOL_SOCKET, DETACH_CHOOSER, 0));
	NOTE(w, choice(w, members, from, port, 0) >= 0);
	NOTE(w, do_set(w, members[2], SOL_SOCKET, ATTACH_CHOOSER, "x", 1));
}

/* Every connection to the second listener. */
static void case_choose_stream(struct side *w)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 1)};
	struct sock_fprog program = {1, code};
	int members[2];
	struct sockaddr_in in;

	members[0] = member(w, SOCK_STREAM, 0);
	in = in_addr_of("127.0.0.1", port_of(w, members[0]));
	NOTE(w, do_set(w, members[0], SOL_SOCKET, ATTACH_CHOOSER, &program, sizeof(program)));
	members[1] = member(w, SOCK_STREAM, ntohs(in.sin_port));
	for (int i = 0; i < 8; i++) {
		int fd = do_socket(w, AF_INET, SOCK_STREAM, 0);

		NOTE(w, do_connect(w, fd, &in, sizeof(in)));
		settle(w);
		NOTE(w, try_accept(w, members[0]));
		NOTE(w, try_accept(w, members[1]));
	}
}

/* A filter sees messages of AF_UNIX, and cuts them; streams have none. */
static void case_unix_filter(struct side *w)
{
	/* Those that begin with an 'x' are not wanted. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'x', 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 3),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {4, code};
	static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM};

	for (size_t i = 0; i < 3; i++) {
		int sv[2];

		NOTE(w, w->st ? berth_socketpair(w->st, AF_UNIX, types[i], 0, sv)
			      : or_errno(socketpair(AF_UNIX, types[i], 0, sv)));
		w->open[w->open_count++] = sv[0];
		w->open[w->open_count++] = sv[1];
		NOTE(w, do_set(w, sv[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
		NOTE(w, do_send(w, sv[0], "abcdef", 6, 0));
		NOTE(w, do_send(w, sv[0], "xyz", 3, 0));
		NOTE(w, do_send(w, sv[0], "", 0, 0)); /* nothing to load from */
		NOTE(w, do_send(w, sv[0], "no", 2, 0));
		for (int k = 0; k < 4; k++)
			NOTE(w, do_recv(w, sv[1], 10, MSG_DONTWAIT));
	}
}

TEST(zerocopy_stream)
TEST6(zerocopy_datagram)
TEST(zerocopy_others)
TEST6(priority)
TEST6(times)
TEST(choose_datagram)
TEST(choose_stream)
TEST(unix_filter)

static void test_mark(void **state)
{
	(void)state;
	if (!kernel_lets_mark())
		skip();
	compare(case_mark);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zerocopy_stream), cmocka_unit_test(test_zerocopy_datagram),
		cmocka_unit_test(test_zerocopy_others), cmocka_unit_test(test_priority),
		cmocka_unit_test(test_times),		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_choose_datagram), cmocka_unit_test(test_choose_stream),
		cmocka_unit_test(test_unix_filter),
	};

	return cmocka_run_group_tests(tests, own_loopback, NULL);
}
