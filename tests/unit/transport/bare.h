/* SPDX-License-Identifier: MIT */
/*
 * Socks without a protocol, in the tables of a whole host (10.0.0.1): demultiplexing and ports
 * alone.
 */
#ifndef TESTS_TRANSPORT_BARE_H
#define TESTS_TRANSPORT_BARE_H

#include "../stack/pair.h"
#include "base/check.h"
#include "stack/host.h"
#include "transport/port.h"

static inline void bare_free(struct sock *s)
{
	sock_free(s);
}

static inline void bare_info(const struct sock *s, struct berth_sock_info *out)
{
	(void)s;
	(void)out;
}

static const struct proto bare_tcp = {.name = "bare",
				      .type = SOCK_STREAM,
				      .protocol = IPPROTO_TCP,
				      .object_bytes = sizeof(struct sock),
				      .close = bare_free,
				      .abort = bare_free,
				      .info = bare_info};
static const struct proto bare_udp = {.name = "bare",
				      .type = SOCK_DGRAM,
				      .protocol = IPPROTO_UDP,
				      .object_bytes = sizeof(struct sock),
				      .close = bare_free,
				      .abort = bare_free,
				      .info = bare_info};

static inline struct endpoint end_of(const char *address, uint16_t port)
{
	struct sockaddr_in in = in_addr_of(address, port);

	return (struct endpoint){ipaddr_from4(ntohl(in.sin_addr.s_addr)), port, 0};
}

/* A sock bound there. */
static inline struct sock *bare_bound(struct transport *tp, const struct proto *proto,
				      const char *address, uint16_t port, bool reuseport)
{
	struct endpoint local = end_of(address, port);
	struct sock *s = sock_new(tp, proto, AF_INET);

	assert_non_null(s);
	sock_edit_options(s)->reuseport = reuseport;
	assert_int_equal(transport_bind(s, &local), 0);
	return s;
}

static inline void bare_free_all(struct transport *tp)
{
	while (!list_empty(&tp->all))
		sock_free(list_first(&tp->all, struct sock, all_link));
}

#endif
