/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets between two hosts and on lo: which frames they see, in which form and with which
 * name; what they send; memberships, statistics and bounds.
 */
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>

#include "../stack/pair.h"

#define LEVEL_PACKET 263
#define LO 1
#define OPT_IGNORE_OUTGOING 23
#define TEST_TYPE 0x88b5 /* IEEE 802 local experiments */

static int setup(void **state)
{
	static struct pair pr;

	pair_init(&pr, 0);
	pair_run(&pr, 10 * BERTH_SEC); /* what new addresses announce */
	*state = &pr;
	return 0;
}

static int teardown(void **state)
{
	pair_fini(*state);
	return 0;
}

static struct sockaddr_ll name_of(uint16_t type, unsigned ifindex)
{
	return (struct sockaddr_ll){.sll_family = AF_PACKET,
				    .sll_protocol = htons(type),
				    .sll_ifindex = (int)ifindex,
				    .sll_halen = 6};
}

static int packet_socket(struct berth_stack *st, int type, uint16_t ethertype, unsigned ifindex)
{
	struct sockaddr_ll name = name_of(ethertype, ifindex);
	int fd = berth_socket(st, AF_PACKET, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(berth_bind(st, fd, SA(name), sizeof(name)), 0);
	return fd;
}

static void send_udp(struct berth_stack *st, const char *address)
{
	struct sockaddr_in in = in_addr_of(address, 5000);
	int fd = berth_socket(st, AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(berth_sendto(st, fd, "hello", 5, 0, SA(in), sizeof(in)), 5);
	assert_int_equal(berth_close(st, fd), 0);
}

static ssize_t recv_frame(struct berth_stack *st, int fd, uint8_t *buf, size_t bytes,
			  struct sockaddr_ll *out)
{
	socklen_t len = sizeof(*out);
	ssize_t n = berth_recvfrom(st, fd, buf, bytes, 0, (struct sockaddr *)(void *)out, &len);

	if (n >= 0)
		assert_int_equal(len, sizeof(*out));
	return n;
}

/* A conversation of ARP and UDP, seen at both ends. */
static void both_ends(void **state)
{
	struct pair *pr = *state;
	uint8_t buf[200];
	struct sockaddr_ll from;
	int all = packet_socket(pr->host[0], SOCK_RAW, ETH_P_ALL, 0);
	int there = packet_socket(pr->host[1], SOCK_RAW, ETH_P_ALL, pr->ifindex[1]);
	int arp = packet_socket(pr->host[1], SOCK_DGRAM, ETH_P_ARP, 0);

	send_udp(pr->host[0], "10.0.0.2");
	pair_run(pr, BERTH_SEC);
	assert_int_equal(recv_frame(pr->host[0], all, buf, sizeof(buf), &from), 14 + 28);
	assert_int_equal(from.sll_pkttype, PACKET_OUTGOING);
	assert_int_equal(ntohs(from.sll_protocol), ETH_P_ARP);
	assert_int_equal(recv_frame(pr->host[0], all, buf, sizeof(buf), &from), 14 + 28);
	assert_int_equal(from.sll_pkttype, PACKET_HOST);
	assert_int_equal(recv_frame(pr->host[0], all, buf, sizeof(buf), &from), 14 + 33);
	assert_int_equal(from.sll_pkttype, PACKET_OUTGOING);
	assert_int_equal(from.sll_hatype, ARPHRD_ETHER);
	assert_int_equal(from.sll_ifindex, pr->ifindex[0]);
	assert_memory_equal(buf + 6, from.sll_addr, 6);
	assert_memory_equal(buf + 42, "hello", 5);
	assert_int_equal(recv_frame(pr->host[1], there, buf, sizeof(buf), &from), 14 + 28);
	assert_int_equal(from.sll_pkttype, PACKET_BROADCAST);
	/* A sock of one type sees what comes in, without its link header. */
	assert_int_equal(recv_frame(pr->host[1], arp, buf, sizeof(buf), &from), 28);
	assert_int_equal(from.sll_pkttype, PACKET_BROADCAST);
	assert_int_equal(recv_frame(pr->host[1], arp, buf, sizeof(buf), &from), -EAGAIN);
}

/* On lo a frame is seen as it goes and as it comes, with a header that it does not have. */
static void loopback(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	static const uint8_t header[14] = {[12] = 0x08};
	uint8_t buf[200];
	struct sockaddr_ll from;
	int on = 1;
	int all = packet_socket(st, SOCK_RAW, ETH_P_ALL, LO);
	int in = packet_socket(st, SOCK_DGRAM, ETH_P_ALL, LO);
	int other = packet_socket(st, SOCK_RAW, ETH_P_ALL, pr->ifindex[0]);

	assert_int_equal(
		berth_setsockopt(st, in, LEVEL_PACKET, OPT_IGNORE_OUTGOING, &on, sizeof(on)), 0);
	send_udp(st, "127.0.0.1");
	for (int kind = PACKET_OUTGOING;; kind = PACKET_HOST) {
		assert_int_equal(recv_frame(st, all, buf, sizeof(buf), &from), 14 + 33);
		assert_memory_equal(buf, header, 14);
		assert_int_equal(from.sll_pkttype, kind);
		assert_int_equal(from.sll_hatype, ARPHRD_LOOPBACK);
		if (kind == PACKET_HOST)
			break;
	}
	assert_int_equal(recv_frame(st, in, buf, sizeof(buf), &from), 33);
	assert_int_equal(buf[0], 0x45);
	assert_int_equal(from.sll_pkttype, PACKET_HOST);
	assert_int_equal(recv_frame(st, other, buf, sizeof(buf), &from), -EAGAIN);
}

static void sending(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_ll to = name_of(TEST_TYPE, pr->ifindex[0]);
	struct sockaddr_ll from;
	uint8_t frame[64] = "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x09\x88\xb5hello";
	uint8_t buf[200];
	int raw = packet_socket(st, SOCK_RAW, ETH_P_ALL, pr->ifindex[0]);
	int dgram = berth_socket(st, AF_PACKET, SOCK_DGRAM, 0);
	int there = packet_socket(pr->host[1], SOCK_RAW, TEST_TYPE, 0);

	assert_int_equal(berth_send(st, raw, frame, 19, 0), 19);
	memset(to.sll_addr, 0xff, 6);
	assert_int_equal(berth_sendto(st, dgram, "world", 5, 0, SA(to), sizeof(to)), 5);
	pair_run(pr, BERTH_SEC);
	assert_int_equal(recv_frame(pr->host[1], there, buf, sizeof(buf), &from), 19);
	assert_memory_equal(buf, frame, 19);
	assert_int_equal(recv_frame(pr->host[1], there, buf, sizeof(buf), &from), 19);
	assert_memory_equal(buf + 14, "world", 5);
	/* It does not see its own, but everybody else's. */
	assert_int_equal(recv_frame(st, raw, buf, sizeof(buf), &from), 19);
	assert_memory_equal(buf + 14, "world", 5);
	assert_int_equal(recv_frame(st, raw, buf, sizeof(buf), &from), -EAGAIN);
	assert_int_equal(berth_send(st, raw, frame, 13, 0), -EINVAL);
	assert_int_equal(berth_send(st, dgram, "x", 1, 0), -ENXIO);
	assert_int_equal(berth_sendto(st, dgram, "x", 1, 0, SA(to), sizeof(to) - 1), -EINVAL);
	to.sll_ifindex = 99;
	assert_int_equal(berth_sendto(st, dgram, "x", 1, 0, SA(to), sizeof(to)), -ENXIO);
	to.sll_ifindex = (int)pr->ifindex[0];
	static uint8_t big[1515];

	assert_int_equal(berth_send(st, raw, big, 1515, 0), -EMSGSIZE);
	assert_int_equal(berth_sendto(st, dgram, big, 1501, 0, SA(to), sizeof(to)), -EMSGSIZE);
}

/* A frame that a program puts on lo is looked at as one from outside would be. */
static void sending_on_lo(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_ll from;
	uint8_t buf[200];
	uint8_t frame[200];
	int all = packet_socket(st, SOCK_RAW, ETH_P_ALL, LO);
	int sender = packet_socket(st, SOCK_RAW, 0, LO);
	int raw = berth_socket(st, AF_INET, SOCK_RAW, IPPROTO_UDP);
	ssize_t n;

	send_udp(st, "127.0.0.1");
	n = recv_frame(st, all, frame, sizeof(frame), &from);
	assert_int_equal(n, 14 + 33);
	assert_int_equal(berth_recv(st, raw, buf, sizeof(buf), 0), 33);
	while (recv_frame(st, all, buf, sizeof(buf), &from) >= 0)
		;
	assert_int_equal(berth_send(st, sender, frame, (size_t)n, 0), n);
	assert_int_equal(recv_frame(st, all, buf, sizeof(buf), &from), n); /* going */
	assert_int_equal(recv_frame(st, all, buf, sizeof(buf), &from), n); /* coming */
	assert_memory_equal(buf, frame, (size_t)n);
	assert_int_equal(berth_recv(st, raw, buf, sizeof(buf), 0), -EAGAIN); /* a martian */
}

static void options(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct packet_mreq mr = {.mr_ifindex = LO, .mr_type = PACKET_MR_PROMISC};
	struct tpacket_stats stats;
	struct tpacket_req ring = {4096, 1, 2048, 2};
	socklen_t len = sizeof(stats);
	int small = 4000;
	int fd = packet_socket(st, SOCK_RAW, ETH_P_ALL, LO);

	assert_int_equal(
		berth_setsockopt(st, fd, LEVEL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr)), 0);
	assert_int_equal(
		berth_setsockopt(st, fd, LEVEL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr) - 1),
		-EINVAL);
	for (int i = 1; i < 64; i++) {
		mr.mr_type = (unsigned short)(100 + i);
		assert_int_equal(berth_setsockopt(st, fd, LEVEL_PACKET, PACKET_ADD_MEMBERSHIP, &mr,
						  sizeof(mr)),
				 0);
	}
	mr.mr_type = 99;
	assert_int_equal(
		berth_setsockopt(st, fd, LEVEL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr)),
		-ENOBUFS);
	mr.mr_type = PACKET_MR_PROMISC;
	assert_int_equal(
		berth_setsockopt(st, fd, LEVEL_PACKET, PACKET_DROP_MEMBERSHIP, &mr, sizeof(mr)), 0);
	mr.mr_ifindex = 99;
	assert_int_equal(
		berth_setsockopt(st, fd, LEVEL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr)),
		-ENODEV);
	assert_int_equal(
		berth_setsockopt(st, fd, LEVEL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)),
		-ENOPROTOOPT);
	assert_int_equal(berth_setsockopt(st, fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (int i = 0; i < 500; i++)
		send_udp(st, "127.0.0.1");
	assert_int_equal(berth_getsockopt(st, fd, LEVEL_PACKET, PACKET_STATISTICS, &stats, &len),
			 0);
	assert_true(stats.tp_packets >= 1000); /* errors about them come too */
	assert_in_range(stats.tp_packets - stats.tp_drops, 8, 12);
	assert_int_equal(berth_getsockopt(st, fd, LEVEL_PACKET, PACKET_STATISTICS, &stats, &len),
			 0);
	assert_int_equal(stats.tp_packets, 0);
}

static void names(void **state)
{
	struct pair *pr = *state;
	struct berth_stack *st = pr->host[0];
	struct sockaddr_ll name = name_of(ETH_P_IP, 99);
	struct sockaddr_ll got;
	socklen_t len = sizeof(got);
	int fd = berth_socket(st, AF_PACKET, SOCK_RAW, 0);

	assert_int_equal(berth_socket(st, AF_PACKET, SOCK_STREAM, 0), -ESOCKTNOSUPPORT);
	assert_int_equal(berth_getsockname(st, fd, SA(got), &len), 0);
	assert_int_equal(len, 12);
	assert_int_equal(berth_bind(st, fd, SA(name), sizeof(name)), -ENODEV);
	name.sll_ifindex = (int)pr->ifindex[0];
	assert_int_equal(berth_bind(st, fd, SA(name), sizeof(name) - 1), -EINVAL);
	assert_int_equal(berth_bind(st, fd, SA(name), sizeof(name)), 0);
	name.sll_protocol = 0; /* Linux: which leaves it as it was */
	assert_int_equal(berth_bind(st, fd, SA(name), sizeof(name)), 0);
	len = sizeof(got);
	assert_int_equal(berth_getsockname(st, fd, SA(got), &len), 0);
	assert_int_equal(len, 18);
	assert_int_equal(ntohs(got.sll_protocol), ETH_P_IP);
	assert_int_equal(berth_connect(st, fd, SA(name), sizeof(name)), -EOPNOTSUPP);
	assert_int_equal(berth_listen(st, fd, 1), -EOPNOTSUPP);
	assert_int_equal(berth_shutdown(st, fd, SHUT_RD), -EOPNOTSUPP);
	assert_int_equal(berth_getpeername(st, fd, SA(got), &len), -EOPNOTSUPP);
	/* What it is bound to goes down, and away. */
	assert_int_equal(berth_netif_set_up(st, pr->ifindex[0], false), 0);
	assert_int_equal(berth_recv(st, fd, &got, 1, 0), -ENETDOWN);
	assert_int_equal(berth_recv(st, fd, &got, 1, 0), -EAGAIN);
	assert_int_equal(berth_netif_remove(st, pr->ifindex[0]), 0);
	assert_int_equal(berth_recv(st, fd, &got, 1, 0), -ENODEV);
}

static void no_memory(void **state)
{
	struct pair *pr = *state;

	for (long at = 1; at < 20; at++) {
		int fd;

		pr->memory.fail_at = pr->memory.requests + at;
		fd = berth_socket(pr->host[0], AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
		if (fd >= 0)
			send_udp(pr->host[0], "127.0.0.1");
		pr->memory.fail_at = 0;
		if (fd >= 0)
			assert_int_equal(berth_close(pr->host[0], fd), 0);
		else
			assert_int_equal(fd, -ENOMEM);
	}
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(both_ends), CASE(loopback), CASE(sending),	  CASE(sending_on_lo),
		CASE(options),	 CASE(names),	 CASE(no_memory),
	};

	return cmocka_run_group_tests_name("afpacket", tests, NULL, NULL);
}
