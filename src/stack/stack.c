/* SPDX-License-Identifier: MIT */
/*
 * A host from the outside: it is made, driven and freed here.
 *
 * The layers are made from the ground up and freed the other way round; each gets the one below.
 * What they share is `env`, of which only this file writes the time.
 *
 * Waking. `awake` means that the driver knows that there is something to fetch. It is set by the
 * first piece of news and cleared when the driver has been told "none" by both berth_output() and
 * berth_next_event() and that is still true. A driver then reads berth_stack_deadline(); so the
 * deadline at that moment is what it knows, and only an earlier one is news.
 *
 * Loopback inside the host is delivered by stack_settle(), not from within the sender's call
 * stack. links_run() bounds one round; a host that talks to itself without end then asks its driver
 * to come back at once by a deadline that has already passed.
 */
#include <netinet/in.h>

#include "net/addr.h"
#include "net/if6.h"
#include "netlink/nlsock.h"
#include "sock/ready.h"
#include "stack/host.h"
#include "tcp/tcp.h"
#include "transport/afpacket.h"
#include "transport/dgram.h"
#include "transport/ping.h"
#include "transport/raw.h"
#include "transport/udp.h"
#include "unix/unix.h"

static const struct proto *const protos[] = {
	&tcp_proto,
	&udp_proto,
	&udplite_proto,
	&ping4_proto,
	&ping6_proto,
	&raw_proto,
	&afpacket_raw_proto,
	&afpacket_dgram_proto,
	&netlink_raw_proto,
	&netlink_dgram_proto,
	&unix_stream_proto,
	&unix_dgram_proto,
	&unix_seqpacket_proto,
	&unix_raw_proto,
	NULL,
};

/* What an idle connection costs an end, besides its place in tables. */
STATIC_ASSERT(sizeof(struct tcp) + sizeof(struct socket) <= 1024);

static bool quiet(const struct berth_stack *st)
{
	return list_empty(&st->links->tx_list) && list_empty(&st->sockets->events) && !st->resolved;
}

static void wake(struct berth_stack *st)
{
	if (st->awake)
		return;
	st->awake = true;
	if (st->wake != NULL)
		st->wake(st->ctx);
}

static void on_env_wake(struct env *env)
{
	wake(container_of(env, struct berth_stack, env));
}

static berth_time deadline(const struct berth_stack *st)
{
	return links_pending(st->links) ? st->env.now : timers_deadline(&st->env.timers);
}

/* The driver was told "none". */
static void on_drained(struct berth_stack *st)
{
	if (!quiet(st))
		return;
	st->awake = false;
	st->deadline_known = deadline(st);
}

static void on_tx_space(void *ctx, struct netif *n)
{
	struct berth_stack *st = ctx;

	tcp_on_tx_space(st->tp, n);
	dgram_on_tx_space(st->tp);
}

static void on_link_change(void *ctx, struct netif *n, enum link_change change)
{
	struct berth_stack *st = ctx;

	afpacket_on_link(st->tp, n, change);
}

void stack_settle(struct berth_stack *st)
{
	if (links_pending(st->links) && links_run(st->links))
		wake(st);
	else if (!st->awake && deadline(st) < st->deadline_known)
		wake(st);
}

static int add_loopback(struct berth_stack *st)
{
	const struct berth_netif_config config = {
		.name = "lo",
		.kind = BERTH_NETIF_LOOPBACK,
		.mtu = 65536,
		.features = BERTH_NETIF_CSUM | BERTH_NETIF_GSO,
	};
	const struct ipaddr localhost = ipaddr_from4(INADDR_LOOPBACK);
	const struct ipaddr localhost6 = {{[15] = 1}};
	int ifindex = links_add(st->links, &config);

	if (ifindex < 0)
		return ifindex;
	struct netif *lo = links_get(st->links, (unsigned)ifindex);

	netif_set_running(lo, true);
	netif_set_up(lo, true);
	ifindex = addr_add(st->net, lo->ifindex, &localhost, 8);
	return ifindex < 0 ? ifindex : addr_add(st->net, lo->ifindex, &localhost6, 128);
}

/* As a router is set up: interfaces to come do it too. Both knobs are there. */
static void forward_ip6(struct berth_stack *st)
{
	(void)if6_conf_set(st->net, "default", "forwarding", 1);
	(void)if6_conf_set(st->net, "all", "forwarding", 1);
}

/* Makes the layers; what exists when one fails is freed by berth_stack_free(). */
static int add_layers(struct berth_stack *st)
{
	st->links = links_new(&st->env);
	if (st->links == NULL)
		return -1;
	st->net = net_new(&st->env, st->links);
	if (st->net == NULL)
		return -1;
	st->tp = transport_new(&st->env, st->net);
	if (st->tp == NULL)
		return -1;
	if (netlink_init(st->tp) < 0)
		return -1;
	udp_init(st->tp);
	if (tcp_init(st->tp) < 0)
		return -1;
	st->sockets = sockets_new(&st->env, st->tp, protos);
	if (st->sockets == NULL || unix_init(st->sockets) < 0)
		return -1;
	if (st->env.knobs.ip_forward)
		forward_ip6(st);
	st->listener = (struct link_listener){
		.ctx = st, .on_tx_space = on_tx_space, .on_change = on_link_change};
	links_listen(st->links, &st->listener);
	return add_loopback(st);
}

struct berth_stack *berth_stack_new(const struct berth_stack_config *config)
{
	struct berth_mem mem = mem_or_libc(&config->mem);
	struct berth_stack *st;

	if (config->random == NULL)
		return NULL;
	st = mem.alloc(mem.ctx, sizeof(*st));
	if (st == NULL)
		return NULL;
	*st = (struct berth_stack){
		.env = {.now = config->now,
			.epoch = config->epoch,
			.mem = mem,
			.limits = config->limits,
			.pool = config->pool,
			.random = config->random,
			.random_ctx = config->ctx,
			.creds = {config->pid ? config->pid : 1, config->uid, config->gid},
			.wake = on_env_wake},
		.wake = config->wake,
		.ctx = config->ctx,
		.clock = config->clock,
		.awake = true, /* whoever makes a host will look at it */
		.deadline_known = BERTH_TIME_NEVER,
	};
	limits_default(&st->env.limits);
	knobs_default(&st->env.knobs);
	st->env.knobs.ip_forward = config->forwarding;
	st->env.knobs.somaxconn = (int32_t)st->env.limits.somaxconn;
	timers_init(&st->env.timers);
	list_init(&st->listener.link);
	env_random(&st->env, st->env.hash_key, sizeof(st->env.hash_key));
	if (st->env.pool == NULL)
		st->env.pool = st->own_pool = berth_pool_new(&mem, 0);
	if (st->env.pool == NULL || add_layers(st) < 0) {
		berth_stack_free(st);
		return NULL;
	}
	st->awake = false;
	stack_settle(st);
	return st;
}

/* Closes what programs hold. Resets go no further than the queues that are freed next. */
static void close_all(struct berth_stack *st)
{
	for (int fd = 0; (uint32_t)fd < st->sockets->capacity; fd++) {
		if (socket_get(st->sockets, fd) != NULL)
			sockets_close(st->sockets, fd, true);
	}
	unix_fini(st->sockets);
}

void berth_stack_free(struct berth_stack *st)
{
	if (st == NULL)
		return;
	struct berth_mem mem = st->env.mem;

	st->awake = true; /* no news any more */
	list_del(&st->listener.link);
	if (st->taker.free != NULL)
		st->taker.free(st->taker.ctx);
	if (st->sockets != NULL)
		close_all(st);
	if (st->tp != NULL) {
		tcp_shutdown(st->tp);
		tcp_fini(st->tp);
		ping_fini(st->tp);
		raw_fini(st->tp);
		afpacket_fini(st->tp);
	}
	if (st->tp != NULL)
		netlink_fini(st->tp);
	sockets_free(st->sockets);
	transport_free(st->tp);
	net_free(st->net);
	links_free(st->links);
	timers_fini(&st->env.timers, &st->env);
	berth_pool_free(st->own_pool);
	mem.free(mem.ctx, st);
}

void berth_advance(struct berth_stack *st, berth_time now)
{
	if (now > st->env.now)
		st->env.now = now;
	timers_run(&st->env);
	stack_settle(st);
}

berth_time berth_stack_deadline(const struct berth_stack *st)
{
	return deadline(st);
}

void berth_input(struct berth_stack *st, unsigned ifindex, const void *frame, size_t bytes)
{
	struct berth_packet *p = berth_packet_new(st->env.pool, frame, bytes);

	if (p == NULL) {
		drop(&st->env, DROP_NO_MEMORY);
		return;
	}
	berth_input_packet(st, ifindex, p);
}

void berth_input_packet(struct berth_stack *st, unsigned ifindex, struct berth_packet *p)
{
	if (p->pool != st->env.pool) {
		struct berth_packet *copy = packet_copy(st->env.pool, p);

		packet_free(p);
		if (copy == NULL) {
			drop(&st->env, DROP_NO_MEMORY);
			return;
		}
		p = copy;
	}
	p->link = NULL;
	p->time = st->env.now;
	links_input(st->links, ifindex, p);
	stack_settle(st);
}

struct berth_packet *berth_output(struct berth_stack *st, unsigned *out_ifindex)
{
	struct berth_packet *p = links_output(st->links, out_ifindex);

	if (p == NULL)
		on_drained(st);
	else if (links_pending(st->links))
		stack_settle(st);
	return p;
}

bool berth_next_event(struct berth_stack *st, struct berth_event *out)
{
	while (ready_next(st->sockets, out))
		if (!st->taker.take || !st->taker.take(st->taker.ctx, out))
			return true;
	if (st->resolved) {
		st->resolved = false;
		*out = (struct berth_event){-1, POLLIN, NULL};
		return true;
	}
	on_drained(st);
	return false;
}

bool berth_stack_drops(const struct berth_stack *st, unsigned i, struct berth_counter *out)
{
	if (i >= DROP_COUNT)
		return false;
	*out = (struct berth_counter){drop_name((enum drop)i), st->env.drops[i]};
	return true;
}
