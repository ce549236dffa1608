/* SPDX-License-Identifier: MIT */
/*
 * What rude.c gives to calls: numbers at the edges of things, memory that is not there, addresses,
 * control data, filters, packets and netlink requests that are nearly right. Each thread draws from
 * a state of its own, so that a seed repeats what it asks for, if not what comes of it.
 */
#ifndef RUDE_VALUES_H
#define RUDE_VALUES_H

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define BYTES 70000
#define PAGE 4096

static _Thread_local uint64_t state;
static _Thread_local unsigned char *buf; /* BYTES, then a page that is not there */

static inline uint32_t rnd(uint32_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) % below);
}

#define PICK(array) ((array)[rnd(sizeof(array) / sizeof((array)[0]))])

static inline uint32_t odd_number(void)
{
	static const uint32_t odd[] = {
		0,     1,     2,     3,		 4,	      5,	   7,	 8,    12,
		15,    16,    20,    28,	 40,	      64,	   127,	 128,  255,
		256,   1024,  1279,  1280,	 1500,	      4095,	   4096, 4097, 9000,
		65507, 65535, 65536, 0x7fffffff, 0x80000000u, 0xffffffffu,
	};

	return rnd(4) ? PICK(odd) : rnd(3) ? rnd(300) : rnd(0x7fffffff);
}

static inline void make_memory(void)
{
	size_t bytes = (BYTES + PAGE - 1) / PAGE * PAGE;

	buf = mmap(NULL, bytes + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(buf + bytes, PAGE);
	buf = (void *)((uintptr_t)(buf + bytes - BYTES) & ~(uintptr_t)7);
}

static inline void scribble(unsigned char *at, size_t n)
{
	if (rnd(2)) {
		memset(at, rnd(2) ? 0 : (int)rnd(256), n);
		return;
	}
	for (size_t i = 0; i + 4 <= n && i < 2048; i += 4) {
		uint32_t v = rnd(3) ? odd_number() : rnd(0x7fffffff);

		memcpy(at + i, &v, 4);
	}
}

/* Mostly memory that is there; else at its very end, nothing, or nonsense. */
static inline void *pointer(size_t n)
{
	switch (rnd(24)) {
	case 0:
		return NULL;
	case 1:
		return (void *)(uintptr_t)0xdeadbeef000;
	case 2:
		return (void *)(uintptr_t)(UINT64_MAX - rnd(64));
	case 3:
		return buf + BYTES - PAGE + 4064 - rnd(32);
	case 4:
		return buf + BYTES - (n < BYTES ? n : BYTES);
	default:
		return buf;
	}
}

static inline void put_address(int family, struct sockaddr_storage *s)
{
	static const char v4[][5] = {"\x7f\0\0\1",     "\x0a\x09\0\1", "\x0a\x09\0\2",
				     "\0\0\0\0",       "\xe0\0\0\5",   "\xff\xff\xff\xff",
				     "\x0a\x09\0\xff", "\x0a\x09\0\3"};
	static const char v6[][17] = {
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		"\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1",
		"\xfd\x09\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
		"\xfd\x09\0\0\0\0\0\0\0\0\0\0\0\0\0\3",
		"\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
		"\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
		"\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x09\0\2",
	};
	static const uint16_t ports[] = {0, 1, 7, 53, 80, 4000, 4001, 65535};
	struct sockaddr_in *in = (void *)s;
	struct sockaddr_in6 *in6 = (void *)s;

	in->sin_port = htons(PICK(ports)); /* at the same place in both families */
	if (family == AF_INET) {
		memcpy(&in->sin_addr, PICK(v4), 4);
	} else {
		in6->sin6_scope_id = rnd(4);
		in6->sin6_flowinfo = rnd(3) ? 0 : odd_number();
		memcpy(&in6->sin6_addr, PICK(v6), 16);
	}
}

/* An address for a socket, mostly of its own family. */
static inline socklen_t address(int fd, struct sockaddr_storage *s)
{
	static const int families[] = {AF_UNSPEC, AF_INET,    AF_INET6,
				       AF_PACKET, AF_NETLINK, AF_UNIX};
	struct sockaddr_ll *ll = (void *)s;
	int family = AF_INET;
	socklen_t len = sizeof(family);

	if (rnd(8) == 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0)
		family = PICK(families);
	memset(s, 0, sizeof(*s));
	len = sizeof(*s);
	switch (family) {
	case AF_INET:
	case AF_INET6:
		put_address(family, s);
		len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
		break;
	case AF_PACKET:
		ll->sll_protocol = htons((uint16_t)(rnd(2) ? 3 : odd_number()));
		ll->sll_ifindex = (int)rnd(5) - 1;
		ll->sll_halen = (unsigned char)(rnd(3) ? 6 : odd_number());
		len = sizeof(*ll);
		break;
	case AF_NETLINK:
		((struct sockaddr_nl *)(void *)s)->nl_groups = rnd(2) ? 0 : odd_number();
		len = sizeof(struct sockaddr_nl);
		break;
	default:
		scribble((unsigned char *)s, 32);
		len = 32;
	}
	s->ss_family = (sa_family_t)family;
	return rnd(12) ? len : odd_number();
}

/* A filter at `at`, of up to 4,200 instructions. */
static inline struct sock_fprog filter(unsigned char *at)
{
	static const uint16_t codes[] = {0x06, 0x16, 0x20, 0x28, 0x30, 0x40, 0x48,
					 0x50, 0x80, 0x87, 0x07, 0x04, 0x0c, 0x15,
					 0x05, 0xb1, 0x34, 0x3c, 0x60, 0x02};
	struct sock_filter *code = (void *)at;
	struct sock_fprog prog = {.len = (unsigned short)(rnd(2) ? rnd(20) : odd_number()),
				  .filter = rnd(6) ? code : pointer(10)};

	for (int i = 0; i < 4200; i++)
		code[i] = (struct sock_filter){rnd(8) ? PICK(codes) : (uint16_t)rnd(65536),
					       (uint8_t)rnd(3), (uint8_t)rnd(3),
					       rnd(3) ? rnd(16) : odd_number()};
	if (prog.len > 0 && prog.len < 4200)
		code[prog.len - 1] = (struct sock_filter){BPF_RET, 0, 0, 0xffff};
	return prog;
}

/* What memberships and source filters take; returns a length that fits one of them. */
static inline size_t membership(int level, int *name)
{
	static const int names[] = {9,	17, 20, 21, 32, 35, 36, 37, 38, 39, 40, 41,
				    42, 43, 44, 45, 46, 47, 48, 50, 54, 57, 59, 61};
	static const size_t lengths[] = {8, 12, 16, 20, 136, 144, 264, 272, 400, 1552, 4096};
	struct group_filter *g = (void *)buf;
	struct sockaddr_storage s = {.ss_family = level == IPPROTO_IP ? AF_INET : AF_INET6};
	size_t last = level == IPPROTO_IP ? 7 : 23;

	*name = PICK(names);
	memcpy((char *)&s + (level == IPPROTO_IP ? 4 : 8),
	       level == IPPROTO_IP ? "\xe1\1\1" : "\xff\2", level == IPPROTO_IP ? 3 : 2);
	((unsigned char *)&s)[last] = (unsigned char)rnd(256);
	memset(buf, 0, PAGE);
	if (rnd(2)) { /* of one version, without the family before */
		memcpy(buf, (char *)&s + (level == IPPROTO_IP ? 4 : 8), 16);
		buf[8] = (unsigned char)rnd(3);
		buf[12] = (unsigned char)rnd(5);
	} else {
		g->gf_interface = rnd(4);
		memcpy(&g->gf_group, &s, sizeof(s));
		g->gf_fmode = rnd(2);
		g->gf_numsrc = rnd(2) ? rnd(12) : odd_number();
		for (int i = 0; i < 12; i++)
			memcpy((char *)g + 144 + 128 * i, &s, sizeof(s));
	}
	return PICK(lengths);
}

/* A netlink request or several. */
static inline size_t netlink_request(unsigned char *at)
{
	size_t used = 0;

	for (unsigned n = 1 + rnd(3); n > 0; n--) {
		struct nlmsghdr *h = (void *)(at + used);
		unsigned char *body = (unsigned char *)(h + 1);
		size_t bytes = rnd(2) ? (size_t)(rnd(30) * 4) : rnd(400);

		memset(h, 0, sizeof(*h));
		h->nlmsg_type = (uint16_t)(rnd(4) ? 16 + rnd(100) : odd_number());
		h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (rnd(2) ? NLM_F_DUMP : rnd(0x1000)));
		h->nlmsg_seq = odd_number();
		scribble(body, bytes);
		body[0] = (unsigned char)(rnd(3) == 0 ? 0 : rnd(2) ? AF_INET : AF_INET6);
		for (size_t a = 8 + rnd(4) * 4; a + 8 <= bytes && rnd(5); a += 8 + rnd(3) * 4) {
			uint16_t attr[2] = {(uint16_t)(rnd(3) ? 8 : rnd(40)), (uint16_t)rnd(40)};

			memcpy(body + a, attr, 4);
		}
		h->nlmsg_len = (uint32_t)(rnd(6) ? sizeof(*h) + bytes : odd_number());
		used += (sizeof(*h) + bytes + 3) & ~(size_t)3;
	}
	return used;
}

/* Control data at `at`: pieces whose lengths mostly are true. */
static inline size_t control(unsigned char *at)
{
	static const int types[] = {1,	2,  3,	4,  5,	6,  7,	8,  11, 12,  14, 21,
				    24, 36, 37, 41, 47, 49, 50, 51, 52, 54,  55, 57,
				    58, 59, 61, 62, 64, 65, 66, 67, 81, 103, 104};
	static const int levels[] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_IPV6,
				     IPPROTO_UDP};
	static const size_t sizes[] = {1, 2, 4, 8, 12, 16, 20, 24};
	size_t used = 0;

	for (unsigned n = 1 + rnd(6); n > 0; n--) {
		struct cmsghdr *c = (void *)(at + used);
		size_t bytes = rnd(2) ? PICK(sizes) : rnd(300);

		c->cmsg_level = PICK(levels);
		c->cmsg_type = PICK(types);
		c->cmsg_len = CMSG_LEN(bytes);
		scribble(CMSG_DATA(c), bytes);
		if (c->cmsg_level == IPPROTO_IPV6 && rnd(2)) { /* an extension header */
			CMSG_DATA(c)[1] = (unsigned char)rnd(8);
			bytes = 72;
			c->cmsg_len = CMSG_LEN(bytes);
		}
		if (rnd(12) == 0)
			c->cmsg_len = rnd(2) ? odd_number() : SIZE_MAX - rnd(32);
		used += CMSG_SPACE(bytes);
	}
	return used;
}

/* The first bytes of a datagram: an IPv4 header that may lie, a frame of IPv6 with extension
 * headers, netlink requests, or anything. */
static inline void payload(unsigned char *at)
{
	static const unsigned char next[] = {0, 43, 44, 60, 58, 17, 6, 59};

	scribble(at, 2048);
	switch (rnd(4)) {
	case 0:
		memcpy(at, "\x45\0\0\x28\0\1\0\0\x40\x11\0\0\x7f\0\0\1\x7f\0\0\1", 20);
		at[0] = (unsigned char)(rnd(3) ? 0x45 + rnd(11) : rnd(256));
		at[2 + rnd(2)] = (unsigned char)rnd(256);
		at[6] = (unsigned char)(rnd(3) ? 0 : rnd(256));
		at[9] = (unsigned char)rnd(60);
		break;
	case 1:
		memcpy(at, "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\1\x86\xdd\x60\0\0\0\0\x40\0\xff",
		       22);
		memcpy(at + 22, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\7", 16);
		memcpy(at + 38, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
		at[20] = PICK(next);
		break;
	case 2:
		(void)netlink_request(at);
		break;
	default:
		break;
	}
}

#endif
