/* SPDX-License-Identifier: MIT */
/*
 * A host whose programs have raw, ping and packet sockets and do anything with them, while frames
 * of an enemy come in. The input is a list of steps: what, which socket, a length of two bytes, and
 * as many bytes, which are a packet, an address or an option's value.
 *
 * What must hold: nothing crashes, every packet and allocation is given back, and no frame that
 * leaves is shorter than its link header.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <berth/berth.h>

#include "base/check.h"
#include "host.h"

#define BYTES_MAX 3000u
#define STEPS_MAX 100u

enum step {
	STEP_SEND,     /* to lo */
	STEP_SEND_OUT, /* to a neighbour */
	STEP_SEND_TO,  /* the first bytes are the address */
	STEP_FRAME,    /* comes in at eth0 */
	STEP_OPTION,   /* level, name, value */
	STEP_ASK,      /* level, name, length */
	STEP_BIND,
	STEP_CONNECT,
	STEP_RECV,
	STEP_WAIT,
	STEP_REOPEN,
	STEPS,
};

static const struct kind {
	int family, type, protocol;
} kinds[] = {
	{AF_INET, SOCK_RAW, IPPROTO_ICMP},	{AF_INET, SOCK_RAW, IPPROTO_RAW},
	{AF_INET, SOCK_RAW, IPPROTO_UDP},	{AF_INET, SOCK_RAW, 253},
	{AF_INET, SOCK_DGRAM, IPPROTO_ICMP},	{AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
	{AF_INET6, SOCK_RAW, IPPROTO_RAW},	{AF_INET6, SOCK_RAW, 253},
	{AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6}, {AF_PACKET, SOCK_RAW, 0x0300},
	{AF_PACKET, SOCK_DGRAM, 0x0300},	{AF_PACKET, SOCK_DGRAM, 0x0008},
};

struct world {
	struct berth_stack *st;
	int fds[ARRAY_LEN(kinds)];
	struct fuzz_host host;
	berth_time now;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void must(bool condition)
{
	ASSERT(condition);
}

/* An address of the socket's family: of lo, or of a neighbour. */
static socklen_t address(int family, bool out, struct sockaddr_storage *ss)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETHERTYPE_IP),
				 .sll_ifindex = out ? 2 : 1,
				 .sll_halen = 6};

	if (family == AF_INET) {
		must(inet_pton(AF_INET, out ? "10.0.0.2" : "127.0.0.1", &in.sin_addr) == 1);
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	}
	if (family == AF_INET6) {
		must(inet_pton(AF_INET6, out ? "fd00::2" : "::1", &in6.sin6_addr) == 1);
		memcpy(ss, &in6, sizeof(in6));
		return sizeof(in6);
	}
	memcpy(ss, &ll, sizeof(ll));
	return sizeof(ll);
}

static void add_address(struct world *w, int family, const char *text, unsigned prefix)
{
	struct sockaddr_storage ss = {.ss_family = (sa_family_t)family};
	void *at = family == AF_INET ? (void *)&((struct sockaddr_in *)(void *)&ss)->sin_addr
				     : (void *)&((struct sockaddr_in6 *)(void *)&ss)->sin6_addr;

	must(inet_pton(family, text, at) == 1);
	must(berth_addr_add(w->st, 2, (struct sockaddr *)(void *)&ss, prefix) == 0);
}

static void reopen(struct world *w, size_t i)
{
	if (w->fds[i] >= 0)
		must(berth_close(w->st, w->fds[i]) == 0);
	w->fds[i] = berth_socket(w->st, kinds[i].family, kinds[i].type, kinds[i].protocol);
	must(w->fds[i] >= 0);
}

static void setup(struct world *w, uint8_t seed)
{
	const struct berth_netif_config eth = {
		.name = "eth0", .kind = BERTH_NETIF_ETHER, .mac = {2, 0, 0, 0, 0, 1}};
	struct berth_stack_config config = {.mem = {fuzz_alloc, fuzz_realloc, fuzz_free, &w->host},
					    .random = fuzz_random,
					    .ctx = &w->host,
					    .now = BERTH_SEC};

	*w = (struct world){.host.seed = seed, .now = BERTH_SEC};
	w->st = berth_stack_new(&config);
	must(w->st && berth_netif_add(w->st, &eth) == 2);
	must(berth_netif_set_up(w->st, 2, true) == 0);
	add_address(w, AF_INET, "10.0.0.1", 24);
	add_address(w, AF_INET6, "fd00::1", 64);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		w->fds[i] = -1;
		reopen(w, i);
	}
}

static void send_to(struct world *w, size_t i, const uint8_t *data, size_t bytes, bool out)
{
	struct sockaddr_storage ss;
	socklen_t len = address(kinds[i].family, out, &ss);

	(void)berth_sendto(w->st, w->fds[i], data, bytes, 0, (struct sockaddr *)(void *)&ss, len);
}

static int32_t number_at(const uint8_t *data, size_t bytes, size_t at)
{
	int32_t n = 0;

	if (bytes >= at + 2)
		n = data[at] | data[at + 1] << 8;
	return n;
}

static void option(struct world *w, size_t i, const uint8_t *data, size_t bytes, bool ask)
{
	int level = number_at(data, bytes, 0);
	int name = number_at(data, bytes, 2);
	uint8_t value[512];
	socklen_t len = (socklen_t)number_at(data, bytes, 4) % sizeof(value);

	if (ask)
		(void)berth_getsockopt(w->st, w->fds[i], level, name, value, &len);
	else if (bytes >= 4 && level + name != 1 + 26) /* a filter has pointers: bpf_fuzz */
		(void)berth_setsockopt(w->st, w->fds[i], level, name, data + 4,
				       (socklen_t)(bytes - 4));
}

static void receive(struct world *w, size_t i, int flags)
{
	static uint8_t buf[70000];
	uint8_t control[300];
	struct sockaddr_storage name;
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_name = &name,
			     .msg_namelen = sizeof(name),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};

	(void)berth_recvmsg(w->st, w->fds[i], &msg, flags);
}

static void named(struct world *w, size_t i, const uint8_t *data, size_t bytes, enum step step)
{
	struct sockaddr_storage ss = {0};
	size_t len = bytes < sizeof(ss) ? bytes : sizeof(ss);
	const struct sockaddr *sa = (const struct sockaddr *)(const void *)&ss;

	memcpy(&ss, data, len);
	if (step == STEP_BIND)
		(void)berth_bind(w->st, w->fds[i], sa, (socklen_t)len);
	else if (step == STEP_CONNECT)
		(void)berth_connect(w->st, w->fds[i], sa, (socklen_t)len);
	else if (bytes > 28)
		(void)berth_sendto(w->st, w->fds[i], data + 28, bytes - 28, 0, sa, 28);
}

static void drain(struct world *w)
{
	struct berth_packet *p;
	unsigned ifindex;

	while ((p = berth_output(w->st, &ifindex))) {
		must(ifindex == 2 && berth_packet_bytes(p) >= ETHER_HDR_LEN);
		berth_packet_complete(p);
		berth_packet_free(p);
	}
}

static void do_step(struct world *w, enum step step, size_t i, const uint8_t *data, size_t bytes)
{
	switch (step) {
	case STEP_SEND:
	case STEP_SEND_OUT:
		send_to(w, i, data, bytes, step == STEP_SEND_OUT);
		break;
	case STEP_FRAME:
		berth_input(w->st, 2, data, bytes);
		break;
	case STEP_OPTION:
	case STEP_ASK:
		option(w, i, data, bytes, step == STEP_ASK);
		break;
	case STEP_SEND_TO:
	case STEP_BIND:
	case STEP_CONNECT:
		named(w, i, data, bytes, step);
		break;
	case STEP_RECV:
		receive(w, i, number_at(data, bytes, 0));
		break;
	case STEP_WAIT:
		w->now += number_at(data, bytes, 0) * BERTH_MSEC;
		berth_advance(w->st, w->now);
		break;
	case STEP_REOPEN:
		reopen(w, i);
		break;
	case STEPS:
		break;
	}
	drain(w);
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
		receive(&w, i, 0);
	berth_stack_free(w.st);
	must(w.host.live == 0);
	return 0;
}
