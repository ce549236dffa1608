/* SPDX-License-Identifier: MIT */
/*
 * Datagram sockets on the kernel and on a stack, see dual.h: control data both ways and in the
 * error queue, corking, segmentation offload, UDP-Lite, peeking at an offset.
 */
#include <netinet/udp.h>
#include <time.h>

#include <linux/net_tstamp.h>

#include "dual_msg.h"

#define UDP_SEGMENT_NUMBER 103
#define UDP_GRO_NUMBER 104

static int receiver(struct side *w, int family, int protocol, const char *address)
{
	int fd = do_socket(w, family, SOCK_DGRAM, protocol);

	assert_true(fd >= 0);
	assert_int_equal(bind_to(w, fd, address, 0), 0);
	return fd;
}

static const int options4[] = {IP_PKTINFO, IP_RECVTTL,	       IP_RECVTOS, IP_RECVOPTS,
			       IP_RETOPTS, IP_RECVORIGDSTADDR, 25 /* IP_RECVFRAGSIZE */};
static const int options6[] = {IPV6_RECVPKTINFO,
			       IPV6_RECVHOPLIMIT,
			       IPV6_RECVTCLASS,
			       IPV6_RECVHOPOPTS,
			       IPV6_RECVDSTOPTS,
			       IPV6_RECVRTHDR,
			       11 /* IPV6_FLOWINFO */,
			       74 /* IPV6_RECVORIGDSTADDR */,
			       77 /* IPV6_RECVFRAGSIZE */};

static void case_pieces4(struct side *w)
{
	static const uint8_t record_route[8] = {7, 7, 4};
	int fd = receiver(w, AF_INET, 0, "127.0.0.1");
	uint16_t port = port6_of(w, fd);
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = inet_addr("127.0.0.9")};
	int value;

	for (size_t i = 0; i < sizeof(options4) / sizeof(options4[0]); i++) {
		char label[64];

		snprintf(label, sizeof(label), "option %d", options4[i]);
		note(w, label, set_int(w, fd, IPPROTO_IP, options4[i], 1));
		note(w, label, get_int(w, fd, IPPROTO_IP, options4[i]));
		NOTE(w, send_to(w, fd, "127.0.0.1", port));
		note_msg(w, label, fd, 0);
	}
	NOTE(w, send_to(w, fd, "127.0.0.1", port));
	note_msg_room(w, "no room", fd, MSG_PEEK, 0, 100);
	note_msg_room(w, "room for half a piece", fd, MSG_PEEK, 20, 100);
	note_msg_room(w, "room for a header", fd, MSG_PEEK, 16, 100);
	note_msg_room(w, "room for one and a bit", fd, MSG_PEEK, 40, 100);
	note_msg_room(w, "three bytes", fd, 0, 1024, 3);
	for (value = -1; value <= 256; value += 257 - (value < 0 ? 256 : 0)) {
		NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, IP_TTL, &value, 4));
		NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, IP_TOS, &value, 4));
		NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, 52, &value, 4));
	}
	value = 7;
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, IP_TTL, &value, 4));
	note_msg(w, "ttl 7", fd, 0);
	value = 0x1c;
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, IP_TOS, &value, 1));
	note_msg(w, "tos 1c", fd, 0);
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, IP_TOS, &value, 2));
	NOTE(w,
	     send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info)));
	note_recv(w, "from the address of IP_PKTINFO", fd);
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, IP_PKTINFO, &info, 8));
	info.ipi_ifindex = 7777;
	NOTE(w,
	     send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info)));
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, IP_RETOPTS, record_route, 8));
	note_msg(w, "route recorded", fd, 0);
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, 9999, &value, 4));
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IPV6, 9999, &value, 4));
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, 12345, 1, &value, 4));
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, SOL_SOCKET, SCM_RIGHTS, &value, 4));
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, SOL_SOCKET, 9999, &value, 4));
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, SOL_SOCKET, 61, &info, 8));
	value = 2;
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, SOL_SOCKET, SO_TIMESTAMPING, &value, 4));
	value = 16;
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, SOL_SOCKET, SO_TIMESTAMPING, &value, 4));
}

/* Whether this process has CAP_NET_RAW, as programs have it over a berth host: without it the
 * kernel refuses extension headers. */
static void note_hex(struct side *w, const char *label, const uint8_t *data, size_t bytes)
{
	char text[96] = "";

	for (size_t i = 0; i < bytes && i < 40; i++)
		snprintf(text + 2 * i, sizeof(text) - 2 * i, "%02x", data[i]);
	note_text(w, label, text);
}

/* Receives a datagram and notes its options, as they came and turned round. */
static void note_options(struct side *w, int fd)
{
	_Alignas(struct cmsghdr) char control[256];
	char buf[10];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	long n;

	settle(w);
	n = w->st ? berth_recvmsg(w->st, fd, &msg, 0) : or_errno(recvmsg(fd, &msg, MSG_DONTWAIT));
	note(w, "received", n);
	for (struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		note_hex(w, c->cmsg_type == IP_RECVOPTS ? "came" : "returned", CMSG_DATA(c),
			 c->cmsg_len - CMSG_LEN(0));
}

/* Lists that record on the way; times are not compared, so none has room for one. */
static void case_ip_options(struct side *w)
{
	static const uint8_t lists[][16] = {
		{7, 15, 4},		/* three places */
		{1, 7, 7, 4},		/* one */
		{7, 7, 8, 1, 2, 3, 4},	/* none */
		{7, 11, 8, 9, 9, 9, 9}, /* the second of two */
		{7, 6, 4},		/* half a place */
		{7, 7, 3},
		{7, 2, 4},
		{68, 12, 5, 3, 127, 0, 0, 9}, /* another's place, which is ours too */
		{68, 12, 5, 3, 10, 99, 0, 9}, /* another's place */
		{68, 8, 9, 0, 1, 2, 3, 4},    /* full: somebody is counted */
		{68, 8, 9, 0xf0, 1, 2, 3, 4}, /* too often */
		{68, 8, 5, 1},		      /* no room for both */
		{68, 3, 5},
		{148, 4, 0, 0, 7, 11, 4}, /* only the list is for an answer */
		{7, 3, 4, 68, 8, 9, 0},
		{7, 3, 4, 7, 3, 4, 0}, /* two of them */
		{1, 1, 1, 0, 9, 9, 9, 9},
	};
	int fd = receiver(w, AF_INET, 0, "127.0.0.1");
	uint16_t port = port6_of(w, fd);
	uint8_t kept[40];

	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_RECVOPTS, 1));
	NOTE(w, set_int(w, fd, IPPROTO_IP, IP_RETOPTS, 1));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		socklen_t len = sizeof(kept);

		note(w, "list", (long)i);
		NOTE(w, do_set(w, fd, IPPROTO_IP, IP_OPTIONS, lists[i], sizeof(lists[i])));
		NOTE(w, do_get(w, fd, IPPROTO_IP, IP_OPTIONS, kept, &len));
		note_hex(w, "kept", kept, len);
		NOTE(w, send_to(w, fd, "127.0.0.1", port));
		/* A time that was taken is of no use here. */
		if (i != 7)
			note_options(w, fd);
		else
			note_recv(w, "with a time", fd);
		NOTE(w, do_set(w, fd, IPPROTO_IP, IP_OPTIONS, NULL, 0));
	}
}

static bool kernel_lets_raw(void)
{
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void case_pieces6(struct side *w)
{
	static const uint8_t options[8] = {0, 0, 1, 4};
	int fd = receiver(w, AF_INET6, 0, "::");
	uint16_t port = port6_of(w, fd);
	struct in6_pktinfo info = {.ipi6_addr = IN6ADDR_LOOPBACK_INIT};
	struct in6_pktinfo mapped = {0};
	int value;

	for (size_t i = 0; i < sizeof(options6) / sizeof(options6[0]); i++) {
		char label[64];

		snprintf(label, sizeof(label), "option %d", options6[i]);
		note(w, label, set_int(w, fd, IPPROTO_IPV6, options6[i], 1));
		NOTE(w, send_to(w, fd, "::1", port));
		note_msg(w, label, fd, 0);
		NOTE(w, send_to(w, fd, "127.0.0.1", port));
		note_msg(w, label, fd, 0);
	}
	for (size_t i = 0; i < sizeof(options4) / sizeof(options4[0]); i++)
		NOTE(w, set_int(w, fd, IPPROTO_IP, options4[i], 1));
	NOTE(w, send_to(w, fd, "127.0.0.1", port));
	note_msg(w, "an IPv4 packet", fd, 0);
	for (int i = 0; i < 5; i++) {
		static const int values[] = {-2, -1, 0, 255, 256};

		NOTE(w,
		     send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_HOPLIMIT, &values[i], 4));
		NOTE(w,
		     send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_TCLASS, &values[i], 4));
		NOTE(w,
		     send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_DONTFRAG, &values[i], 4));
	}
	for (int i = 0; i < 8; i++)
		note_msg(w, "those that went", fd, 0);
	value = 0x1c;
	NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_TCLASS, &value, 4));
	note_msg(w, "class 1c", fd, 0);
	value = (int)htonl(LABEL);
	NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, 11, &value, 4));
	note_msg(w, "flow 12345", fd, 0);
	if (kernel_lets_raw()) {
		NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_HOPOPTS, options, 8));
		note_msg(w, "hop-by-hop", fd, 0);
		NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_DSTOPTS, options, 8));
		note_msg(w, "destination", fd, 0);
		NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_DSTOPTS, options, 1));
		NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_DSTOPTS, options, 4));
	}
	NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info)));
	note_recv(w, "from ::1", fd);
	NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_PKTINFO, &info, 8));
	info.ipi6_ifindex = 7777;
	NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info)));
	info.ipi6_ifindex = 1;
	NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info)));
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::9", &info.ipi6_addr), 1);
	NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info)));
	assert_int_equal(inet_pton(AF_INET6, "::ffff:127.0.0.9", &mapped.ipi6_addr), 1);
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IPV6, IPV6_PKTINFO, &mapped,
			   sizeof(mapped)));
	note_recv(w, "from ::1 still", fd);
	note_recv(w, "from the mapped address", fd);
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IPV6, IPV6_PKTINFO, &info,
			   sizeof(info)));
	NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IPV6, 9999, &value, 4));
	NOTE(w, send_piece(w, fd, "::1", port, 3, IPPROTO_IP, IP_TTL, &value, 4));
	value = 9;
	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, IPPROTO_IP, IP_TTL, &value, 4));
	note_msg(w, "passed over", fd, 0);
	note_msg(w, "TTL 9", fd, 0);
}

static void errors(struct side *w, int family, const char *to, int level, int option)
{
	int closed = receiver(w, family, 0, to);
	uint16_t port = port6_of(w, closed);
	int fd = do_socket(w, family, SOCK_DGRAM, 0);

	assert_int_equal(do_close(w, closed), 0);
	note(w, to, set_int(w, fd, level, option, 1));
	NOTE(w, send_to(w, fd, to, port));
	NOTE(w, do_poll(w, fd));
	note_msg(w, "plain", fd, 0);
	NOTE(w, do_poll(w, fd));
	note_msg_room(w, "error, two bytes", fd, MSG_ERRQUEUE, 1024, 2);
	note_msg(w, "no more", fd, MSG_ERRQUEUE);
	NOTE(w, do_poll(w, fd));
	NOTE(w, send_to(w, fd, to, port));
	NOTE(w, send_to(w, fd, to, port));
	settle(w);
	NOTE(w, send_to(w, fd, to, port));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_ERROR));
	note_msg(w, "first", fd, MSG_ERRQUEUE);
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_ERROR));
	(void)set_int(w, fd, IPPROTO_IP, IP_RECVTTL, 1);
	(void)set_int(w, fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	(void)set_int(w, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	(void)set_int(w, fd, IPPROTO_IP, IP_PKTINFO, 1);
	note_msg(w, "second, with its TTL", fd, MSG_ERRQUEUE);
	note_msg(w, "third", fd, MSG_ERRQUEUE);
	NOTE(w, connect_to(w, fd, to, port));
	NOTE(w, do_send(w, fd, "x", 1, 0));
	settle(w);
	NOTE(w, do_send(w, fd, "x", 1, 0));
	NOTE(w, do_recv(w, fd, 10, 0));
	NOTE(w, set_int(w, fd, level, option, 0));
	note_msg(w, "forgotten", fd, MSG_ERRQUEUE);
}

static void case_errors4(struct side *w)
{
	errors(w, AF_INET, "127.0.0.1", IPPROTO_IP, IP_RECVERR);
}

static void case_errors6(struct side *w)
{
	errors(w, AF_INET6, "::1", IPPROTO_IPV6, IPV6_RECVERR);
	errors(w, AF_INET6, "::ffff:127.0.0.1", IPPROTO_IP, IP_RECVERR);
}

static void too_big(struct side *w, int family, const char *to, int level, int option, int discover)
{
	int fd = receiver(w, family, 0, to);
	uint16_t port = port6_of(w, fd);
	int value = IP_PMTUDISC_DO;
	char label[64];

	(void)set_int(w, fd, SOL_SOCKET, SO_RCVBUF, 1000000);
	NOTE(w, set_int(w, fd, level, option, 1));
	for (size_t bytes = 65505; bytes <= 65540; bytes++) {
		if (bytes == 65512)
			bytes = 65524;
		snprintf(label, sizeof(label), "%s %zu bytes", to, bytes);
		note(w, label, send_piece(w, fd, to, port, bytes, 12345, 1, &value, 4));
		note_msg(w, label, fd, MSG_ERRQUEUE);
		note_msg(w, label, fd, 0);
	}
	NOTE(w, set_int(w, fd, level, discover, value));
	NOTE(w, send_piece(w, fd, to, port, 65508, 12345, 1, &value, 4));
	note_msg(w, "its error", fd, MSG_ERRQUEUE);
}

static void case_too_big(struct side *w)
{
	too_big(w, AF_INET, "127.0.0.1", IPPROTO_IP, IP_RECVERR, IP_MTU_DISCOVER);
}

static void case_too_big6(struct side *w)
{
	too_big(w, AF_INET6, "::1", IPPROTO_IPV6, IPV6_RECVERR, IPV6_MTU_DISCOVER);
}

static void case_times(struct side *w)
{
	int fd = receiver(w, AF_INET, 0, "127.0.0.1");
	uint16_t port = port6_of(w, fd);
	static const int names[] = {SO_TIMESTAMP, SO_TIMESTAMPNS, 63, 64};

	for (size_t i = 0; i < 4; i++) {
		NOTE(w, set_int(w, fd, SOL_SOCKET, names[i], 1));
		NOTE(w, send_to(w, fd, "127.0.0.1", port));
		note_msg(w, "time", fd, 0);
	}
	NOTE(w, set_int(w, fd, SOL_SOCKET, 64, 0));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_TIMESTAMPING,
			SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE));
	NOTE(w, send_to(w, fd, "127.0.0.1", port));
	note_msg(w, "received", fd, 0);
	NOTE(w, set_int(w, fd, SOL_SOCKET, 65,
			SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE));
	NOTE(w, send_to(w, fd, "127.0.0.1", port));
	note_msg(w, "received, wide", fd, 0);
	/* A socket that never asked for times of arrival. */
	assert_int_equal(do_close(w, fd), 0);
	fd = receiver(w, AF_INET, 0, "127.0.0.1");
	port = port6_of(w, fd);
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_TIMESTAMPING,
			SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED |
				SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
				SOF_TIMESTAMPING_OPT_TSONLY));
	for (int i = 0; i < 2; i++) {
		NOTE(w, send_to(w, fd, "127.0.0.1", port));
		NOTE(w, do_poll(w, fd));
		note_msg(w, "scheduled", fd, MSG_ERRQUEUE);
		note_msg(w, "sent", fd, MSG_ERRQUEUE);
		note_msg(w, "no more", fd, MSG_ERRQUEUE);
		note_recv(w, "the datagram", fd);
	}
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_TIMESTAMPING,
			SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID));
	int flags = SOF_TIMESTAMPING_TX_SOFTWARE;

	NOTE(w, send_piece(w, fd, "127.0.0.1", port, 3, SOL_SOCKET, SO_TIMESTAMPING, &flags, 4));
	note_msg(w, "with its packet", fd, MSG_ERRQUEUE);
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_TIMESTAMPING, 0));
	NOTE(w, send_to(w, fd, "127.0.0.1", port));
	note_msg(w, "none", fd, MSG_ERRQUEUE);
}

/* IPV6_MTU, as the pieces that arrive tell. */
static void case_pieces_in_mtu(struct side *w)
{
	int fd = receiver(w, AF_INET6, 0, "::1");
	uint16_t port = port6_of(w, fd);
	int value = 1;

	NOTE(w, set_int(w, fd, IPPROTO_IPV6, IPV6_MTU, 1279));
	NOTE(w, set_int(w, fd, IPPROTO_IPV6, IPV6_MTU, 1280));
	NOTE(w, set_int(w, fd, IPPROTO_IPV6, 77 /* IPV6_RECVFRAGSIZE */, 1));
	NOTE(w, set_int(w, fd, IPPROTO_IPV6, IPV6_RECVERR, 1));
	for (size_t bytes = 1231; bytes < 1236; bytes++) {
		NOTE(w, send_piece(w, fd, "::1", port, bytes, 12345, 1, &value, 4));
		note_msg(w, "its pieces", fd, 0);
	}
	NOTE(w, send_piece(w, fd, "::1", port, 9000, 12345, 1, &value, 4));
	note_msg(w, "its pieces", fd, 0);
	NOTE(w, send_piece(w, fd, "::1", port, 9000, IPPROTO_IPV6, IPV6_DONTFRAG, &value, 4));
	note_msg(w, "its error", fd, MSG_ERRQUEUE);
	NOTE(w, set_int(w, fd, IPPROTO_IPV6, IPV6_MTU, 0));
	NOTE(w, send_piece(w, fd, "::1", port, 9000, 12345, 1, &value, 4));
	note_msg(w, "in one piece", fd, 0);
}

static void case_cork(struct side *w)
{
	int fd = receiver(w, AF_INET, 0, "127.0.0.1");
	int to = receiver(w, AF_INET, 0, "127.0.0.1");
	struct sockaddr_storage a;
	socklen_t len = any_addr(&a, "127.0.0.1", port6_of(w, to));

	NOTE(w, do_sendto(w, fd, "one", 3, MSG_MORE, &a, len));
	NOTE(w, do_send(w, fd, "two", 3, MSG_MORE));
	NOTE(w, do_recv(w, to, 100, 0));
	NOTE(w, do_send(w, fd, "three", 5, 0));
	note_msg(w, "one, two, three", to, 0);
	NOTE(w, set_int(w, fd, IPPROTO_UDP, UDP_CORK, 1));
	NOTE(w, do_sendto(w, fd, "one", 3, 0, &a, len));
	NOTE(w, do_sendto(w, fd, "two", 3, 0, &a, len));
	NOTE(w, do_poll(w, to));
	NOTE(w, set_int(w, fd, IPPROTO_UDP, UDP_CORK, 0));
	note_msg(w, "one, two", to, 0);
	NOTE(w, set_int(w, fd, IPPROTO_UDP, UDP_CORK, 1));
	NOTE(w, do_sendto(w, fd, "gone", 4, 0, &a, len));
	NOTE(w, do_close(w, fd));
	NOTE(w, do_recv(w, to, 100, 0));
	fd = do_socket(w, AF_INET, SOCK_DGRAM, 0);
	NOTE(w, do_send(w, fd, "x", 1, MSG_MORE));
	NOTE(w, do_sendto(w, fd, "", 0, MSG_MORE, &a, len));
	NOTE(w, do_send(w, fd, "", 0, 0));
	note_msg(w, "nothing", to, 0);
	NOTE(w, do_sendto(w, fd, "x", 1, MSG_CONFIRM, &a, len));
	NOTE(w, do_sendto(w, fd, "x", 1, MSG_DONTROUTE, &a, len));
	NOTE(w, do_sendto(w, fd, "x", 1, MSG_OOB, &a, len));
	NOTE(w, do_sendto(w, fd, "", 0, MSG_CONFIRM | 0x10, &a, len));
	for (int i = 0; i < 3; i++)
		note_msg(w, "those that went", to, 0);
}

static void segments(struct side *w, int family, const char *address)
{
	int fd = do_socket(w, family, SOCK_DGRAM, 0);
	int to = receiver(w, family, 0, address);
	uint16_t port = port6_of(w, to);
	uint16_t size = 100;

	NOTE(w, set_int(w, fd, IPPROTO_UDP, UDP_SEGMENT_NUMBER, -1));
	NOTE(w, set_int(w, fd, IPPROTO_UDP, UDP_SEGMENT_NUMBER, 65536));
	NOTE(w, set_int(w, fd, IPPROTO_UDP, UDP_SEGMENT_NUMBER, 1000));
	NOTE(w, get_int(w, fd, IPPROTO_UDP, UDP_SEGMENT_NUMBER));
	NOTE(w, send_piece(w, fd, address, port, 2500, 12345, 1, &size, 2));
	for (int i = 0; i < 4; i++)
		note_msg(w, "2500 by 1000", to, 0);
	NOTE(w, send_piece(w, fd, address, port, 250, IPPROTO_UDP, UDP_SEGMENT_NUMBER, &size, 2));
	for (int i = 0; i < 4; i++)
		note_msg(w, "250 by 100", to, 0);
	NOTE(w, send_piece(w, fd, address, port, 250, IPPROTO_UDP, UDP_SEGMENT_NUMBER, &size, 1));
	NOTE(w, send_piece(w, fd, address, port, 250, IPPROTO_UDP, 1, &size, 2));
	NOTE(w, set_int(w, to, IPPROTO_UDP, UDP_GRO_NUMBER, 1));
	NOTE(w, get_int(w, to, IPPROTO_UDP, UDP_GRO_NUMBER));
	NOTE(w, send_piece(w, fd, address, port, 250, IPPROTO_UDP, UDP_SEGMENT_NUMBER, &size, 2));
	note_msg(w, "250 in one", to, 0);
	NOTE(w, send_piece(w, fd, address, port, 200, IPPROTO_UDP, UDP_SEGMENT_NUMBER, &size, 2));
	note_msg(w, "200 in one", to, 0);
	NOTE(w, send_piece(w, fd, address, port, 100, IPPROTO_UDP, UDP_SEGMENT_NUMBER, &size, 2));
	note_msg(w, "100", to, 0);
	size = 65500;
	NOTE(w, send_piece(w, fd, address, port, 250, IPPROTO_UDP, UDP_SEGMENT_NUMBER, &size, 2));
	note_msg(w, "not cut", to, 0);
	size = 1;
	NOTE(w, send_piece(w, fd, address, port, 64, IPPROTO_UDP, UDP_SEGMENT_NUMBER, &size, 2));
	note_msg(w, "bytes", to, 0);
	NOTE(w, send_piece(w, fd, address, port, 129, IPPROTO_UDP, UDP_SEGMENT_NUMBER, &size, 2));
	note_msg(w, "129 bytes", to, 0);
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_NO_CHECK, 1));
	NOTE(w, send_piece(w, fd, address, port, 64, IPPROTO_UDP, UDP_SEGMENT_NUMBER, &size, 2));
}

static void case_segments(struct side *w)
{
	segments(w, AF_INET, "127.0.0.1");
}

static void case_segments6(struct side *w)
{
	segments(w, AF_INET6, "::1");
}

static void lite(struct side *w, int family, const char *address)
{
	int fd = do_socket(w, family, SOCK_DGRAM, IPPROTO_UDPLITE);
	int to = receiver(w, family, IPPROTO_UDPLITE, address);
	uint16_t port = port6_of(w, to);

	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_PROTOCOL));
	NOTE(w, get_int(w, fd, IPPROTO_UDPLITE, 10));
	NOTE(w, get_int(w, fd, IPPROTO_UDPLITE, 11));
	NOTE(w, send_to(w, fd, address, port));
	note_recv(w, "all covered", to);
	for (int i = 0; i < 6; i++) {
		static const int values[] = {0, 1, 8, 10, 20, 70000};
		char label[64];

		snprintf(label, sizeof(label), "cover %d", values[i]);
		note(w, label, set_int(w, fd, IPPROTO_UDPLITE, 10, values[i]));
		note(w, label, get_int(w, fd, IPPROTO_UDPLITE, 10));
		for (int k = 0; k < 4; k++) {
			note(w, label, set_int(w, to, IPPROTO_UDPLITE, 11, values[k]));
			note(w, label, get_int(w, to, IPPROTO_UDPLITE, 11));
			NOTE(w, send_to(w, fd, address, port));
			note_recv(w, label, to);
		}
	}
	NOTE(w, set_int(w, fd, IPPROTO_UDPLITE, 12, 1));
	NOTE(w, set_int(w, fd, IPPROTO_UDP, UDP_CORK, 1));
	NOTE(w, set_int(w, fd, IPPROTO_UDP, UDP_CORK, 0));
	NOTE(w, set_int(w, fd, IPPROTO_UDP, UDP_SEGMENT_NUMBER, 10));
	NOTE(w, send_piece(w, fd, address, port, 64, 12345, 1, &port, 2));
	int udp = receiver(w, family, 0, address);

	NOTE(w, set_int(w, udp, IPPROTO_UDPLITE, 10, 1));
	NOTE(w, bind_to(w, fd, address, port6_of(w, udp)));
	NOTE(w, connect_to(w, fd, address, port));
	assert_int_equal(do_close(w, to), 0);
	(void)set_int(w, fd, IPPROTO_UDP, UDP_SEGMENT_NUMBER, 0);
	NOTE(w, do_send(w, fd, "x", 1, 0));
	settle(w);
	NOTE(w, do_send(w, fd, "x", 1, 0));
}

static void case_lite(struct side *w)
{
	lite(w, AF_INET, "127.0.0.1");
}

static void case_lite6(struct side *w)
{
	lite(w, AF_INET6, "::1");
}

static void case_peek_off(struct side *w)
{
	int fd = receiver(w, AF_INET, 0, "127.0.0.1");
	uint16_t port = port6_of(w, fd);

	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_PEEK_OFF));
	for (int i = 0; i < 3; i++)
		assert_int_equal(send_to(w, fd, "127.0.0.1", port), 5);
	settle(w);
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_PEEK_OFF, 2));
	for (int i = 0; i < 5; i++) {
		NOTE(w, do_recv(w, fd, 2, MSG_PEEK));
		NOTE(w, get_int(w, fd, SOL_SOCKET, SO_PEEK_OFF));
	}
	NOTE(w, do_recv(w, fd, 100, 0));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_PEEK_OFF));
	NOTE(w, do_recv(w, fd, 100, MSG_PEEK | MSG_TRUNC));
	NOTE(w, get_int(w, fd, SOL_SOCKET, SO_PEEK_OFF));
	NOTE(w, do_recv(w, fd, 100, MSG_PEEK));
	NOTE(w, do_recv(w, fd, 100, MSG_PEEK));
	NOTE(w, do_recv(w, fd, 100, MSG_PEEK));
	NOTE(w, set_int(w, fd, SOL_SOCKET, SO_PEEK_OFF, -1));
	NOTE(w, do_recv(w, fd, 100, MSG_PEEK));
	NOTE(w, do_recv(w, fd, 2, MSG_TRUNC));
}

TEST6(pieces4)
TEST6(pieces6)
TEST6(ip_options)
TEST6(errors4)
TEST6(errors6)
TEST6(too_big)
TEST6(too_big6)
TEST6(times)
TEST6(pieces_in_mtu)
TEST6(cork)
TEST6(segments)
TEST6(segments6)
TEST6(lite)
TEST6(lite6)
TEST6(peek_off)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces4),	      cmocka_unit_test(test_pieces6),
		cmocka_unit_test(test_ip_options),    cmocka_unit_test(test_errors4),
		cmocka_unit_test(test_errors6),	      cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_too_big6),      cmocka_unit_test(test_times),
		cmocka_unit_test(test_pieces_in_mtu), cmocka_unit_test(test_cork),
		cmocka_unit_test(test_segments),      cmocka_unit_test(test_segments6),
		cmocka_unit_test(test_lite),	      cmocka_unit_test(test_lite6),
		cmocka_unit_test(test_peek_off),
	};

	return cmocka_run_group_tests(tests, own_loopback, NULL);
}
