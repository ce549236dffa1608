/* SPDX-License-Identifier: MIT */
/*
 * A world: hosts, networks (each one learning switch), the cables between them, and one
 * clock. Its driver calls berth_world_run(w, now) whenever it has touched a socket or the
 * time that the last call returned has come; in virtual time `now` is whatever the test
 * says, and the run is a pure function of the seed and of the calls made.
 *
 * Hosts, networks and cables are known by index, in the order they were added.
 */
#ifndef BERTH_WORLD_H
#define BERTH_WORLD_H

#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include <berth/resolve.h>
#include <berth/stack.h>
#include <berth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What happens to packets that cross a cable in one direction. All zero: nothing. Probabilities
 * are 0 to 1. The words are those of tc-netem(8). */
struct berth_impair {
	berth_time delay;   /* one way */
	berth_time jitter;  /* standard deviation of a normal distribution, clipped at 0 delay;
			       a packet never overtakes its predecessor but by `reorder` */
	double loss;	    /* independent; ignored when gemodel is on */
	bool gemodel;	    /* Gilbert-Elliott: */
	double gemodel_p;   /*   good to bad */
	double gemodel_r;   /*   bad to good */
	double gemodel_1_h; /*   lost in the bad state */
	double gemodel_1_k; /*   lost in the good state */
	double duplicate;
	double reorder;	    /* sent without the delay, ahead of those that wait */
	double corrupt;	    /* one random bit flipped */
	uint64_t rate_bits; /* bits per second, Ethernet header counted; 0: no limit */
	uint32_t limit;	    /* packets that may wait for the rate; 0: 1000. Without a rate
			       nobody waits: those that may be on the way; 0: a million */
	uint32_t mtu;	    /* IP packets larger than this are lost; 0: no limit */
};

enum berth_direction {
	BERTH_UP,   /* from the host */
	BERTH_DOWN, /* to the host */
};

/* What became of a packet on a cable. */
enum berth_fate {
	BERTH_FATE_DELIVERED,
	BERTH_FATE_LOST,       /* the rule is in `rule` */
	BERTH_FATE_DUPLICATED, /* this is the additional copy */
};

/* Why, in the words of the network file. */
enum berth_rule {
	BERTH_RULE_NONE,
	BERTH_RULE_LOSS,
	BERTH_RULE_GEMODEL,
	BERTH_RULE_LIMIT,
	BERTH_RULE_MTU,
	BERTH_RULE_PARTITION,
	BERTH_RULE_DOWN, /* the receiving host or interface is gone */
};

/* One packet entering a cable, its fate already drawn. */
struct berth_packet_event {
	berth_time time;    /* it enters the cable */
	berth_time arrival; /* it leaves the cable; BERTH_TIME_NEVER: lost */
	int cable;	    /* index; -1 - host: that host's loopback */
	int host;	    /* the host at the cable's end */
	enum berth_direction direction;
	uint64_t number; /* of this cable and direction, from 0; a duplicate has its
			    original's */
	enum berth_fate fate;
	enum berth_rule rule;
	bool corrupted, reordered;
	const struct berth_packet *packet; /* borrowed; checksums complete, corruption done */
};

struct berth_world_config {
	uint64_t seed; /* of all fates, and of everything random if `random` is NULL */
	berth_time now;
	berth_time epoch; /* the Unix time when the world's time was 0 (SO_TIMESTAMP) */
	struct berth_mem mem;
	struct berth_limits limits; /* of every host */
	/* Secrets (sequence numbers, hash keys); NULL: drawn from the seed, for
	 * repeatable runs of code one trusts. */
	void (*random)(void *ctx, void *buf, size_t bytes);
	/* Every packet that enters a cable, or NULL. Packets are then cut to what a wire
	 * carries. It must not call into the world. May be set later:
	 * berth_world_set_observer(). */
	void (*on_packet)(void *ctx, const struct berth_packet_event *ev);
	void *ctx;
};

struct berth_network_config {
	const char *name;
	struct sockaddr_storage subnet; /* AF_INET, or AF_UNSPEC: none */
	unsigned prefix_len;
	struct sockaddr_storage subnet6; /* AF_INET6, or AF_UNSPEC: none */
	unsigned prefix6_len;
	uint32_t mtu; /* 0: 1500 */
};

struct berth_host_config {
	const char *name;
	bool no_forwarding; /* a host with two networks or more forwards unless this is set */
	struct berth_impair loopback;
};

struct berth_cable_config {
	int host, network;
	struct sockaddr_storage address, address6; /* AF_UNSPEC: the next free one of the subnet */
	/* The host makes its IPv6 address itself (RFC 4862) from what the network's routers
	 * advertise, and takes its default routes from them; address6 must be AF_UNSPEC then,
	 * and the subnet6 a /64. Routers advertise themselves to networks with such cables. */
	bool auto6;
	uint8_t mac[6]; /* zero: made from the cable's name */
	struct berth_impair up, down;
};

/* NULL: no memory. The caller frees it; its hosts go with it. */
BERTH_API struct berth_world *berth_world_new(const struct berth_world_config *config);
BERTH_API void berth_world_free(struct berth_world *w);

/* Each returns the new index. -EEXIST: the name, or the address, is taken; -EINVAL: bad names,
 * addresses outside the subnet, overlapping subnets; -ENOSPC: the subnet is full; -ENOMEM. */
BERTH_API int berth_world_add_network(struct berth_world *w, const struct berth_network_config *c);
BERTH_API int berth_world_add_host(struct berth_world *w, const struct berth_host_config *c);
BERTH_API int berth_world_add_cable(struct berth_world *w, const struct berth_cable_config *c);

/* Gives every host its routes: networks it is not on are reached through the nearest
 * router. To be called once everything is added (again after adding more). */
BERTH_API int berth_world_route(struct berth_world *w);

/* -ENOENT: no such name. */
BERTH_API int berth_world_find_host(const struct berth_world *w, const char *name);
BERTH_API int berth_world_find_network(const struct berth_world *w, const char *name);
BERTH_API int berth_world_find_cable(const struct berth_world *w, int host, int network);

/* How many hosts there are, and what one is called; NULL: there is no such host. */
BERTH_API int berth_world_hosts(const struct berth_world *w);
BERTH_API const char *berth_world_host_name(const struct berth_world *w, int host);
/* NULL: no such host. The pointer may be kept. Socket calls happen at the world's present, which is
 * the `now` of the last berth_world_run(): a driver in real time calls that too when it wakes. */
BERTH_API struct berth_stack *berth_world_stack(struct berth_world *w, int host);

struct berth_cable_info {
	int host, network;
	const char *host_name, *network_name;
	unsigned ifindex;			   /* on the host's stack */
	struct sockaddr_storage address, address6; /* auto6: the one that the host will make */
	bool auto6;
	struct berth_impair up, down;
	bool partitioned;
};
BERTH_API bool berth_world_cable_get(const struct berth_world *w, int cable,
				     struct berth_cable_info *out);

/* Replace the impairments of a cable, or of a host's loopback (both directions of it), from
 * the next packet on; those already on the way keep their fate. -ENOENT; -EINVAL: a value out of
 * range. */
BERTH_API int berth_world_set_impair(struct berth_world *w, int cable, enum berth_direction d,
				     const struct berth_impair *impair);
BERTH_API int berth_world_set_loopback(struct berth_world *w, int host,
				       const struct berth_impair *impair);

/* Cuts what host `a` sends to host `b` (and, unless one_way, the reverse); routers between
 * are not touched. heal takes away all partitions between the two, or, with -1, all. */
BERTH_API int berth_world_partition(struct berth_world *w, int a, int b, bool one_way);
BERTH_API int berth_world_heal(struct berth_world *w, int a, int b);

/* Another name for a host's address, for the name service. -EEXIST. */
BERTH_API int berth_world_add_alias(struct berth_world *w, const char *name, int host);

/* The name service answers on every host under this address, port 53, UDP and TCP: A, AAAA and PTR
 * of every host; unknown names NXDOMAIN. Impairments do not touch it, nor is it observed. An
 * address outside 127/8 is added to each host's lo. Each host's own resolver asks it
 * (berth_resolver_set() later on replaces that). -EEXIST: it is a host's, or a name server
 * already; -EINVAL; -EAFNOSUPPORT, -ENOMEM. */
BERTH_API int berth_world_add_nameserver(struct berth_world *w, const struct sockaddr *addr);

/* See on_packet in the configuration; NULL: no observer. */
BERTH_API void berth_world_set_observer(struct berth_world *w,
					void (*on_packet)(void *ctx,
							  const struct berth_packet_event *ev),
					void *ctx);

/*
 * Does all that is due up to `now`: moves frames, fires timers, delivers what arrives.
 * Returns the moment at which it has to be called again, BERTH_TIME_NEVER if only a socket call
 * can make work. Cost does not grow with idle hosts, cables or sockets.
 */
BERTH_API berth_time berth_world_run(struct berth_world *w, berth_time now);

/* The next socket event of any host; see berth_next_event(). */
BERTH_API bool berth_world_next_event(struct berth_world *w, int *out_host,
				      struct berth_event *out);

/*
 * Blocking calls in virtual time: they run the world until the call can finish or
 * `timeout` ns have passed (-EAGAIN, poll: 0; negative: never; -EDEADLK if nothing in the world
 * could ever end the wait). MSG_DONTWAIT and MSG_WAITALL are obeyed; send goes on until all is
 * sent. -EINVAL: no such host. Otherwise as the call without _world.
 */
BERTH_API int berth_world_poll(struct berth_world *w, int host, struct pollfd *fds, nfds_t count,
			       berth_time timeout);
BERTH_API int berth_world_connect(struct berth_world *w, int host, int fd,
				  const struct sockaddr *addr, socklen_t len, berth_time timeout);
BERTH_API int berth_world_accept(struct berth_world *w, int host, int fd, struct sockaddr *addr,
				 socklen_t *len, berth_time timeout);
BERTH_API ssize_t berth_world_send(struct berth_world *w, int host, int fd, const void *buf,
				   size_t bytes, int flags, berth_time timeout);
BERTH_API ssize_t berth_world_recv(struct berth_world *w, int host, int fd, void *buf, size_t bytes,
				   int flags, berth_time timeout);
/* The time being over is EAI_AGAIN, or TRY_AGAIN; -EINVAL and -EDEADLK are EAI_SYSTEM, or
 * NO_RECOVERY. */
BERTH_API int berth_world_getaddrinfo(struct berth_world *w, int host, const char *node,
				      const char *service, const struct addrinfo *hints,
				      struct addrinfo **res, berth_time timeout);
BERTH_API int berth_world_getnameinfo(struct berth_world *w, int host, const struct sockaddr *addr,
				      socklen_t len, char *name, socklen_t name_bytes,
				      char *service, socklen_t service_bytes, int flags,
				      berth_time timeout);
BERTH_API struct hostent *berth_world_gethostbyname(struct berth_world *w, int host,
						    const char *name, int family, int *out_h_errno,
						    berth_time timeout);
BERTH_API struct hostent *berth_world_gethostbyaddr(struct berth_world *w, int host,
						    const void *addr, socklen_t len, int family,
						    int *out_h_errno, berth_time timeout);
BERTH_API berth_time berth_world_now(const struct berth_world *w);

/*
 * A pcapng writer: an interface per cable and loopback, a comment with its fate on each packet.
 * `write` gets whole blocks; its ctx is the caller's. Feed it from on_packet. NULL: no memory.
 */
struct berth_pcapng;
BERTH_API struct berth_pcapng *
berth_pcapng_new(const struct berth_world *w,
		 int (*write)(void *ctx, const void *buf, size_t bytes), void *ctx);
/* 0, or what `write` returned when that was negative (nothing is written after it). */
BERTH_API int berth_pcapng_packet(struct berth_pcapng *c, const struct berth_packet_event *ev);
BERTH_API void berth_pcapng_free(struct berth_pcapng *c);

#ifdef __cplusplus
}
#endif
#endif
