/* SPDX-License-Identifier: MIT */
/*
 * Control data of any bytes, given and taken by sockets of every kind whose options anybody has
 * set. The input is a list of steps: what, which socket, a length of two bytes, and as many bytes,
 * which are msg_control of a send, an option's level, name and value, or the room for a receipt.
 *
 * What must hold: nothing is read or written outside msg_control, what is filled in is well formed
 * and no longer than the room, and every packet and allocation is given back.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <berth/berth.h>

#include "base/check.h"
#include "host.h"

#define BYTES_MAX 600u
#define STEPS_MAX 60u
#define PORT 7

enum step {
	STEP_SEND,   /* bytes are msg_control */
	STEP_PIECES, /* each: level, type, length, data; msg_control is made of them */
	STEP_OPTION, /* level, name, value */
	STEP_NUMBER, /* level, name, a number of four bytes */
	STEP_RECV,   /* flags, room */
	STEP_LISTEN, /* joins a group, and so hears of what is sent there */
	STEPS,
};

static const struct kind {
	int family, type, protocol;
} kinds[] = {
	{AF_INET, SOCK_DGRAM, 0},
	{AF_INET6, SOCK_DGRAM, 0},
	{AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE},
	{AF_INET, SOCK_RAW, IPPROTO_ICMP},
	{AF_INET, SOCK_RAW, IPPROTO_RAW},
	{AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
	{AF_INET6, SOCK_RAW, 253},
	{AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
	{AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6},
	{AF_PACKET, SOCK_RAW, 0x0300},
	{AF_PACKET, SOCK_DGRAM, 0x0300},
	{AF_NETLINK, SOCK_RAW, NETLINK_ROUTE},
	{AF_INET6, SOCK_STREAM, 0},
	{AF_UNIX, SOCK_DGRAM, 0},
};

static const int levels[] = {SOL_SOCKET,  IPPROTO_IP, IPPROTO_IPV6,   IPPROTO_UDP,
			     IPPROTO_RAW, SOL_PACKET, IPPROTO_ICMPV6, SOL_NETLINK};

struct world {
	struct berth_stack *st;
	int fds[ARRAY_LEN(kinds)];
	struct fuzz_host host;
	berth_time now;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* An address of lo that something of the family listens at, or nothing does. */
static socklen_t address(int family, bool listens, struct sockaddr_storage *ss)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons(listens ? PORT : 9),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_port = htons(listens ? PORT : 9),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETHERTYPE_IP),
				 .sll_ifindex = 1,
				 .sll_halen = 6};

	memset(ss, 0, sizeof(*ss));
	switch (family) {
	case AF_INET:
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	case AF_INET6:
		memcpy(ss, &in6, sizeof(in6));
		return sizeof(in6);
	case AF_PACKET:
		memcpy(ss, &ll, sizeof(ll));
		return sizeof(ll);
	default:
		ss->ss_family = (sa_family_t)family;
		((struct sockaddr *)ss)->sa_data[1] = 'a'; /* of AF_UNIX an abstract name */
		return family == AF_NETLINK ? sizeof(struct sockaddr_nl) : 5;
	}
}

static void setup(struct world *w, uint8_t seed)
{
	struct berth_stack_config config = {.mem = {fuzz_alloc, fuzz_realloc, fuzz_free, &w->host},
					    .random = fuzz_random,
					    .ctx = &w->host,
					    .now = BERTH_SEC};

	*w = (struct world){.host.seed = seed, .now = BERTH_SEC};
	w->st = berth_stack_new(&config);
	ASSERT(w->st);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct sockaddr_storage ss;
		int fd = berth_socket(w->st, kinds[i].family, kinds[i].type | SOCK_NONBLOCK,
				      kinds[i].protocol);

		ASSERT(fd >= 0);
		w->fds[i] = fd;
		if (kinds[i].family == AF_PACKET || kinds[i].family == AF_NETLINK)
			continue;
		(void)berth_bind(w->st, fd, (struct sockaddr *)&ss,
				 address(kinds[i].family, true, &ss)); /* or it may be taken */
		if (kinds[i].type == SOCK_STREAM)
			(void)berth_listen(w->st, fd, 4);
	}
}

/* Sends a few bytes with `control`, which stands in memory of its own. */
static void send_with(struct world *w, size_t i, const uint8_t *control, size_t bytes)
{
	static const char payload[64] = "\x08\0\0\0\0\1\0\1 payload of anything";
	struct sockaddr_storage ss;
	struct iovec iov = {(void *)payload, sizeof(payload)};
	struct msghdr msg = {.msg_name = &ss, .msg_iov = &iov, .msg_iovlen = 1};
	void *copy = malloc(bytes ? bytes : 1);

	ASSERT(copy);
	memcpy(copy, control, bytes);
	msg.msg_control = copy;
	msg.msg_controllen = bytes;
	msg.msg_namelen = address(kinds[i].family, bytes % 3 != 0, &ss);
	(void)berth_sendmsg(w->st, w->fds[i], &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	free(copy);
	berth_advance(w->st, w->now);
}

/* Well-made pieces, of whatever they say: level, type, length, data. */
static void send_pieces(struct world *w, size_t i, const uint8_t *data, size_t bytes)
{
	_Alignas(struct cmsghdr) uint8_t control[2048] = {0};
	size_t used = 0;

	while (bytes >= 3) {
		size_t len = data[2];
		struct cmsghdr *c = (struct cmsghdr *)(void *)(control + used);

		if (len > bytes - 3)
			len = bytes - 3;
		if (used + CMSG_SPACE(len) > sizeof(control))
			break;
		c->cmsg_level = levels[data[0] % ARRAY_LEN(levels)];
		c->cmsg_type = data[1];
		c->cmsg_len = CMSG_LEN(len);
		memcpy(CMSG_DATA(c), data + 3, len);
		used += CMSG_SPACE(len);
		data += 3 + len;
		bytes -= 3 + len;
	}
	send_with(w, i, control, used);
}

static void option(struct world *w, size_t i, const uint8_t *data, size_t bytes, bool number)
{
	int level = bytes > 0 ? levels[data[0] % ARRAY_LEN(levels)] : 0;
	int name = bytes > 1 ? data[1] : 0;
	int value = bytes > 2 ? data[2] : 1;

	if (level == SOL_SOCKET && name == SO_ATTACH_FILTER)
		return; /* has pointers: bpf_fuzz */
	if (number)
		(void)berth_setsockopt(w->st, w->fds[i], level, name, &value, sizeof(value));
	else if (bytes >= 2)
		(void)berth_setsockopt(w->st, w->fds[i], level, name, data + 2,
				       (socklen_t)(bytes - 2));
}

/* What is filled in is a chain of pieces, each within the room. */
static void check_control(const struct msghdr *msg, size_t room)
{
	size_t at = 0;

	ASSERT(msg->msg_controllen <= room);
	while (msg->msg_controllen - at >= sizeof(struct cmsghdr)) {
		struct cmsghdr c;

		memcpy(&c, (const char *)msg->msg_control + at, sizeof(c));
		ASSERT(c.cmsg_len >= sizeof(c) && c.cmsg_len <= msg->msg_controllen - at);
		at += CMSG_ALIGN(c.cmsg_len);
		if (at > msg->msg_controllen)
			break; /* the last may lack its padding */
	}
}

static void receive(struct world *w, size_t i, const uint8_t *data, size_t bytes)
{
	static const int flags[] = {0,
				    MSG_PEEK,
				    MSG_ERRQUEUE,
				    MSG_TRUNC,
				    MSG_OOB,
				    MSG_ERRQUEUE | MSG_PEEK,
				    MSG_CMSG_CLOEXEC,
				    MSG_WAITALL};
	static uint8_t buf[70000];
	size_t room = bytes > 1 ? data[1] : 255;
	void *control = malloc(room ? room : 1);
	struct sockaddr_storage name;
	struct iovec iov = {buf, bytes > 2 ? data[2] * 200u : sizeof(buf)};
	struct msghdr msg = {.msg_name = &name,
			     .msg_namelen = sizeof(name),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = room};

	ASSERT(control);
	if (berth_recvmsg(w->st, w->fds[i], &msg,
			  MSG_DONTWAIT | flags[bytes > 0 ? data[0] % ARRAY_LEN(flags) : 0]) >= 0)
		check_control(&msg, room);
	free(control);
}

static void listen_to(struct world *w, size_t i)
{
	struct ip_mreqn four = {.imr_ifindex = 1};
	struct ipv6_mreq six = {.ipv6mr_interface = 1};

	ASSERT(inet_pton(AF_INET, "224.0.0.9", &four.imr_multiaddr) == 1);
	ASSERT(inet_pton(AF_INET6, "ff02::9", &six.ipv6mr_multiaddr) == 1);
	(void)berth_setsockopt(w->st, w->fds[i], IPPROTO_IP, IP_ADD_MEMBERSHIP, &four,
			       sizeof(four));
	(void)berth_setsockopt(w->st, w->fds[i], IPPROTO_IPV6, IPV6_JOIN_GROUP, &six, sizeof(six));
}

static void do_step(struct world *w, enum step step, size_t i, const uint8_t *data, size_t bytes)
{
	switch (step) {
	case STEP_SEND:
		send_with(w, i, data, bytes);
		break;
	case STEP_PIECES:
		send_pieces(w, i, data, bytes);
		break;
	case STEP_OPTION:
	case STEP_NUMBER:
		option(w, i, data, bytes, step == STEP_NUMBER);
		break;
	case STEP_RECV:
		receive(w, i, data, bytes);
		break;
	case STEP_LISTEN:
		listen_to(w, i);
		break;
	case STEPS:
		break;
	}
	w->now += BERTH_MSEC;
	berth_advance(w->st, w->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct world w;

	setup(&w, (uint8_t)bytes);
	for (unsigned n = 0; n < STEPS_MAX && bytes >= 4; n++) {
		enum step step = (enum step)(data[0] % STEPS);
		size_t i = data[1] % ARRAY_LEN(kinds);
		size_t len = (size_t)(data[2] | data[3] << 8) % BYTES_MAX;

		data += 4;
		bytes -= 4;
		if (len > bytes)
			len = bytes;
		do_step(&w, step, i, data, len);
		data += len;
		bytes -= len;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		receive(&w, i, NULL, 0);
	berth_stack_free(w.st);
	ASSERT(w.host.live == 0);
	return 0;
}
