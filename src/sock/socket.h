/* SPDX-License-Identifier: MIT */
/*
 * Sockets as a program sees them: descriptors, and the part of their state that Linux keeps above
 * the protocol. All sockets of a host are in one struct sockets.
 */
#ifndef SOCK_SOCKET_H
#define SOCK_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/stack.h>

#include "base/list.h"
#include "transport/demux.h"
#include "transport/proto.h"

/* What connect() has come to; Linux's socket_state. */
enum socket_state {
	SOCKET_UNCONNECTED,
	SOCKET_CONNECTING,
	SOCKET_CONNECTED,
	SOCKET_DISCONNECTING,
};

struct socket {
	struct sock *sock;
	void *user;		/* berth_sock_set_user() */
	struct list event_link; /* in its sockets' events, at most once */
	int fd;			/* the lowest, if it was passed on; -1: it is only in messages */
	uint8_t state;		/* enum socket_state */
	bool passed;		/* sock/passed.h */
};

struct unix_space;

struct sockets {
	struct env *env;
	struct transport *tp;
	void (*owner)(void *user, struct berth_sock_owner *out); /* berth_stack_set_owner() */
	const struct proto *const *protos;			 /* NULL-terminated */
	struct socket **table;					 /* by descriptor; NULL: free */
	uint64_t *used;						 /* a bit per descriptor */
	uint64_t *full;						 /* a bit per word of `used` */
	uint32_t capacity;  /* descriptors there is room for, a multiple of 4096 */
	uint32_t lowest;    /* no descriptor below is free */
	struct list events; /* struct socket, oldest first */
	/* sock/passed.h: */
	struct table passed;		     /* struct passed */
	struct list in_flight;		     /* struct passed that are in messages */
	uint32_t in_flight_count;	     /* references in messages, of all of them */
	bool burying;			     /* somebody closes those on `dying` */
	struct list dying;		     /* struct socket, by event_link, that nobody holds */
	struct unix_space *unix_space;	     /* unix/unix.h: names and garbage of AF_UNIX */
	void (*unheld)(struct sockets *all); /* a socket in flight lost its last descriptor */
};

/* Registers as tp's listener. `protos` is borrowed for good. NULL: no memory. */
struct sockets *sockets_new(struct env *env, struct transport *tp,
			    const struct proto *const *protos);
/* Frees descriptors, not socks: those are to be closed or shut down before. NULL is fine. */
void sockets_free(struct sockets *all);

/* NULL: not open. */
static inline struct socket *socket_get(const struct sockets *all, int fd)
{
	return (uint32_t)fd < all->capacity ? all->table[fd] : NULL;
}

/* socket(2). The new descriptor; -EAFNOSUPPORT, -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -EINVAL,
 * -ENFILE, -ENOMEM. */
int socket_new(struct sockets *all, int family, int type, int protocol);
/* Its last descriptor is free at once, the sock goes on alone. */
void socket_close(struct socket *so);
/* Closes with a reset. */
void socket_abort(struct socket *so);

/* close(2) or berth_abort() of a descriptor that is open; the socket closes with its last. */
void sockets_close(struct sockets *all, int fd, bool abort);

/* The table that it is in. */
static inline struct sockets *sockets_of(const struct socket *so)
{
	return so->sock->tp->notify_ctx;
}

/* A descriptor without a sock, for accept(). NULL: no memory. */
struct socket *socket_reserve(struct sockets *all);
void socket_attach(struct socket *so, struct sock *s);
void socket_unreserve(struct sockets *all, struct socket *so);
/* The lowest free descriptor becomes one of `so`'s. -EMFILE, -ENOMEM. */
int socket_reserve_fd(struct sockets *all, struct socket *so);
void socket_unreserve_fd(struct sockets *all, int fd);

/* The state of <netinet/tcp.h>, as `ss` shows it. */
int socket_tcp_state(const struct socket *so);

/* The pending error, cleared; positive errno or 0. */
int socket_take_error(struct socket *so);

#endif
