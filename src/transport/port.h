/* SPDX-License-Identifier: MIT */
/*
 * Local ports: who holds which, and who may hold it as well. All functions that put a sock into the
 * tables of demux.h are here. sock_free() calls port_release().
 */
#ifndef TRANSPORT_PORT_H
#define TRANSPORT_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/table.h"
#include "transport/demux.h"

/* Where a number is in the table of ports. No two have the same, and those in use, which mostly are
 * all even, do not fall on every other bucket. */
static inline uint32_t port_hash(uint16_t number)
{
	return (uint32_t)number << 15 | number >> 1;
}

struct bpf;

/* A local port in use. */
struct port {
	struct table_node node;
	uint16_t number;
	struct list binders; /* socks that got it by bind() or listen() and aren't connected */
	struct list users;   /* connected socks: by connect(), accepted */
	struct list waits;   /* struct wait */
	bool connect_only;   /* nobody has bound it: connect() may choose it for other peers as well
			      */
	bool users_share;    /* every user and wait there has SO_REUSEADDR */
};

/*
 * An end that only keeps its four numbers from being used again: TIME-WAIT after the sock is gone.
 * Part of a larger object of TCP's, which fills in the endpoints, and frees it after
 * port_wait_end().
 */
struct wait {
	struct table_node node;
	struct list port_link;
	struct port *port;
	struct endpoint local, remote;
	unsigned ifindex; /* SO_BINDTODEVICE */
	bool reuseaddr, reuseport;
	uint64_t id;	      /* as struct sock's */
	struct list all_link; /* in tp->all_waits, by id */
	berth_time until;     /* TCP's: when it will be over */
};

/* Takes over the place of connected sock `s` in the tables, and its endpoints: `s` holds nothing
 * after. */
void port_wait(struct wait *w, struct sock *s);
void port_wait_end(struct transport *tp, struct wait *w);

/* SO_ATTACH_REUSEPORT_CBPF for the group that `s` is in, or will be; it takes references. NULL:
 * none any more. -EINVAL: it shares its port with nobody (SO_REUSEPORT); -ENOMEM. */
int port_set_chooser(struct sock *s, struct bpf *f);

/*
 * bind(2): local endpoint `local`; port 0: one is chosen, odd ones first. Sets s->local and the
 * bound_ flags. -EINVAL: it has a port; -EADDRNOTAVAIL: not our address; -EADDRINUSE (Linux's rules
 * about SO_REUSEADDR and SO_REUSEPORT); -ENOMEM.
 */
int transport_bind(struct sock *s, const struct endpoint *local);

/* A port for a sock that has none (listen, sendto), on its address as it is. 0 if it has one.
 * -EADDRINUSE: all are taken (UDP: -EAGAIN); -ENOMEM. */
int port_autobind(struct sock *s);

/*
 * For connect(2): s->local.addr is set and `remote` is the peer. Chooses a local port if there is
 * none (RFC 6056; one that is free for this peer suffices), sets s->local.port and s->remote and
 * enters s into the table of connected socks. Call it again after port_disconnect() only.
 * -EADDRNOTAVAIL: no port, or these ends are in use; -ENOMEM.
 */
int port_connect(struct sock *s, const struct endpoint *remote);

/* Takes it out of the table of connected socks, keeping its port; s->remote becomes zero. */
void port_disconnect(struct sock *s);

/* For listen(2): takes part in demux_bound() from now on. -EADDRINUSE: another listens there;
 * -ENOMEM. */
int port_listen(struct sock *s);
void port_unlisten(struct sock *s);

/* A passively opened sock, its local and remote endpoints set: shares the listener's port and is
 * connected. -EADDRINUSE: a sock with these ends exists; -ENOMEM. */
int port_inherit(struct sock *child, const struct sock *listener);

/* Out of all tables; local.port and remote become zero, local.addr too unless bound_addr. Harmless
 * if it holds nothing. (At the end of a connection, see port_keep().) */
void port_release(struct sock *s);

/* After the end of a connection on a sock whose descriptor is still open: out of the table of
 * connected socks, and the port is given back unless the program chose it. local and remote stay,
 * to be looked at. */
void port_keep(struct sock *s);

/* SO_REUSEADDR of `s` changed. */
void port_sharing_changed(struct sock *s);

#endif
