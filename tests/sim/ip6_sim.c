/* SPDX-License-Identifier: MIT */
/*
 * IPv6 across whole worlds: what sockets learn from ICMPv6, paths whose MTU shrinks, hosts that
 * configure themselves from what routers say, link-local addresses, and partitions.
 *
 *     ip6_sim [SCENARIO]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define PATIENCE (300 * BERTH_SEC)

/* client - lan - router - wan - server. */
struct net {
	int client, router, server;
	int client_cable, lan_cable, wan_cable, server_cable;
};

static int add_cable(struct sim *sim, int host, int network, bool auto6)
{
	const struct berth_cable_config c = {.host = host, .network = network, .auto6 = auto6};
	int index = berth_world_add_cable(sim->w, &c);

	if (index < 0)
		sim_fail(sim, "cable: %s", strerror(-index));
	return index;
}

static struct net two_networks(struct sim *sim, bool auto6)
{
	int lan = sim_network(sim, "lan", "10.1.0.0");
	int wan = sim_network(sim, "wan", "10.2.0.0");
	struct net n;

	n.client = sim_host(sim, "client");
	n.router = sim_host(sim, "router");
	n.server = sim_host(sim, "server");
	n.client_cable = add_cable(sim, n.client, lan, auto6);
	n.lan_cable = add_cable(sim, n.router, lan, false);
	n.wan_cable = add_cable(sim, n.router, wan, false);
	n.server_cable = add_cable(sim, n.server, wan, false);
	sim_route(sim);
	return n;
}

static struct sockaddr_in6 address(const char *text, uint16_t port)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (inet_pton(AF_INET6, text, &sin6.sin6_addr) != 1)
		abort();
	return sin6;
}

static void expect(const struct sim *sim, const char *what, long got, long wanted)
{
	if (got != wanted)
		sim_fail(sim, "%s: %ld (%s), not %ld", what, got,
			 got < 0 ? strerror((int)-got) : "", wanted);
}

static int open_socket(struct sim *sim, int host, int type)
{
	int fd = berth_socket(berth_world_stack(sim->w, host), AF_INET6, type, 0);

	if (fd < 0)
		sim_fail(sim, "socket: %s", strerror(-fd));
	return fd;
}

static int try_connect(struct sim *sim, int host, struct sockaddr_in6 to)
{
	int fd = open_socket(sim, host, SOCK_STREAM);
	int result =
		berth_world_connect(sim->w, host, fd, (struct sockaddr *)&to, sizeof(to), PATIENCE);

	berth_close(berth_world_stack(sim->w, host), fd);
	return result;
}

/* A connected datagram socket sends into the void: the error that the next receive returns. */
static long datagram_error(struct sim *sim, int host, struct sockaddr_in6 to)
{
	struct berth_stack *st = berth_world_stack(sim->w, host);
	int fd = open_socket(sim, host, SOCK_DGRAM);
	char buf[16];
	long result;

	result = berth_connect(st, fd, (struct sockaddr *)&to, sizeof(to));
	if (result == 0)
		result = berth_send(st, fd, "hello", 5, 0);
	if (result == 5)
		result = berth_world_recv(sim->w, host, fd, buf, sizeof(buf), 0, 10 * BERTH_SEC);
	berth_close(st, fd);
	return result;
}

/* Nobody listens; nobody has the address; there is no route here, or at the router. */
static void run_errors(struct sim *sim)
{
	struct net n = two_networks(sim, false);
	struct sockaddr_in6 none = address("::", 0);
	struct sockaddr_in6 gateway = sim_address6(sim, n.router, 0);

	expect(sim, "refused", try_connect(sim, n.client, sim_address6(sim, n.server, 80)),
	       -ECONNREFUSED);
	expect(sim, "refused datagram",
	       datagram_error(sim, n.client, sim_address6(sim, n.server, 80)), -ECONNREFUSED);
	expect(sim, "no neighbour", try_connect(sim, n.client, address("fd00:0:0:1::77", 80)),
	       -EHOSTUNREACH);
	expect(sim, "no neighbour of the router",
	       try_connect(sim, n.client, address("fd00:0:0:2::77", 80)), -EHOSTUNREACH);
	expect(sim, "no route", try_connect(sim, n.client, address("2001:db8::1", 80)),
	       -ENETUNREACH);
	expect(sim, "default route",
	       berth_route_add(berth_world_stack(sim->w, n.client), (struct sockaddr *)&none, 0,
			       (struct sockaddr *)&gateway, 0, 0),
	       0);
	expect(sim, "no route at the router",
	       try_connect(sim, n.client, address("2001:db8::1", 80)), -ENETUNREACH);
}

/* The router's cable to the server carries no more than 1,300 bytes from now on. */
static void shrink(struct sim *sim, const struct net *n)
{
	struct berth_cable_info info;

	if (!berth_world_cable_get(sim->w, n->wan_cable, &info))
		abort();
	expect(sim, "mtu",
	       berth_netif_set_mtu(berth_world_stack(sim->w, n->router), info.ifindex, 1300), 0);
}

static void on_shrink(struct sim *sim, void *arg)
{
	shrink(sim, arg);
}

static uint64_t drops(struct sim *sim, int host, const char *reason)
{
	struct berth_counter c;

	for (unsigned i = 0; berth_stack_drops(berth_world_stack(sim->w, host), i, &c); i++) {
		if (strcmp(c.name, reason) == 0)
			return c.count;
	}
	sim_fail(sim, "no drop reason %s", reason);
}

/* RFC 8201: packet too big, and the flow goes on; with a connection that is there already. */
static void run_pmtu(struct sim *sim)
{
	const struct berth_impair late = {.delay = 5 * BERTH_MSEC};
	struct net n = two_networks(sim, false);

	expect(sim, "delay", berth_world_set_impair(sim->w, n.wan_cable, BERTH_UP, &late), 0);
	sim_flow(sim, n.client, n.server, 2000000, 2000000);
	sim_at(sim, berth_world_now(sim->w) + 30 * BERTH_MSEC, on_shrink, &n);
	sim_run(sim, 20 * BERTH_SEC);
	if (drops(sim, n.router, "ip6_too_big") == 0)
		sim_fail(sim, "nothing was too big");
	sim_flow(sim, n.client, n.server, 300000, 0);
	sim_run(sim, 10 * BERTH_SEC);
}

/* Datagrams: the first is lost and teaches, the next go in fragments that the source makes. */
static void run_pmtu_datagram(struct sim *sim)
{
	static char data[1400];
	struct net n = two_networks(sim, false);
	struct berth_stack *st = berth_world_stack(sim->w, n.client);
	struct berth_stack *peer = berth_world_stack(sim->w, n.server);
	struct sockaddr_in6 there = sim_address6(sim, n.server, 4000);
	int fd = open_socket(sim, n.client, SOCK_DGRAM);
	int server = open_socket(sim, n.server, SOCK_DGRAM);
	struct berth_path_info path;
	char buf[2000];

	expect(sim, "bind", berth_bind(peer, server, (struct sockaddr *)&there, sizeof(there)), 0);
	shrink(sim, &n);
	expect(sim, "connect", berth_connect(st, fd, (struct sockaddr *)&there, sizeof(there)), 0);
	expect(sim, "send", berth_send(st, fd, data, sizeof(data), 0), sizeof(data));
	expect(sim, "nothing arrives",
	       berth_world_recv(sim->w, n.server, server, buf, sizeof(buf), 0, BERTH_SEC), -EAGAIN);
	expect(sim, "path", berth_path_get(st, (struct sockaddr *)&there, 0, &path), 0);
	expect(sim, "its MTU", path.mtu, 1300);
	(void)berth_recv(st, fd, buf, sizeof(buf), 0); /* the error, if it was told */
	expect(sim, "send again", berth_send(st, fd, data, sizeof(data), 0), sizeof(data));
	expect(sim, "arrival",
	       berth_world_recv(sim->w, n.server, server, buf, sizeof(buf), 0, BERTH_SEC),
	       sizeof(data));
	/* RFC 8201 §4: ten minutes later it is tried again. */
	sim_run_for(sim, 601 * BERTH_SEC);
	expect(sim, "path", berth_path_get(st, (struct sockaddr *)&there, 0, &path), 0);
	expect(sim, "its MTU", path.mtu, 1500);
}

/* The address of a host on its cable; false: it is not there, or not yet usable. */
static bool has_address(struct sim *sim, int cable)
{
	struct berth_cable_info c;
	struct berth_addr_info info;
	struct sockaddr_in6 wanted;

	if (!berth_world_cable_get(sim->w, cable, &c))
		abort();
	memcpy(&wanted, &c.address6, sizeof(wanted));
	for (unsigned i = 0; berth_addr_get(berth_world_stack(sim->w, c.host), i, &info); i++) {
		const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)&info.addr;

		if (info.addr.ss_family == AF_INET6 &&
		    memcmp(&a->sin6_addr, &wanted.sin6_addr, 16) == 0)
			return !(info.flags & IFA_F_TENTATIVE);
	}
	return false;
}

/* RFC 4862: a host that was told nothing reaches the server in the end, and is reached; and when
 * the router falls silent its addresses and routes go away in time. */
static void run_auto(struct sim *sim)
{
	struct net n = two_networks(sim, true);
	struct berth_cable_info lan;

	expect(sim, "too early", has_address(sim, n.client_cable), false);
	expect(sim, "no way yet", try_connect(sim, n.client, sim_address6(sim, n.server, 80)),
	       -ENETUNREACH);
	sim_run_for(sim, 8 * BERTH_SEC);
	expect(sim, "the address", has_address(sim, n.client_cable), true);
	sim_flow(sim, n.client, n.server, 100000, 100000);
	sim_flow(sim, n.server, n.client, 100000, 100000);
	sim_run(sim, 10 * BERTH_SEC);
	if (!berth_world_cable_get(sim->w, n.lan_cable, &lan))
		abort();
	expect(sim, "silence",
	       berth_netif_set_up(berth_world_stack(sim->w, n.router), lan.ifindex, false), 0);
	sim_run_for(sim, 1801 * BERTH_SEC);
	expect(sim, "no way any more", try_connect(sim, n.client, sim_address6(sim, n.server, 80)),
	       -ENETUNREACH);
	expect(sim, "the address stays", has_address(sim, n.client_cable), true);
	sim_run_for(sim, 2592000 * BERTH_SEC);
	expect(sim, "the address goes", has_address(sim, n.client_cable), false);
}

/* Two connections between the same hosts by their link-local addresses. */
static void run_link_local(struct sim *sim)
{
	struct net n = two_networks(sim, false);
	struct berth_stack *st = berth_world_stack(sim->w, n.router);
	struct berth_cable_info lan;
	struct berth_addr_info info;
	struct sockaddr_in6 to = {.sin6_family = AF_UNSPEC};

	if (!berth_world_cable_get(sim->w, n.lan_cable, &lan))
		abort();
	for (unsigned i = 0; berth_addr_get(st, i, &info); i++) {
		if (info.ifindex == lan.ifindex && info.scope == 253)
			memcpy(&to, &info.addr, sizeof(to));
	}
	expect(sim, "a link-local address", to.sin6_family, AF_INET6);
	expect(sim, "its scope", to.sin6_scope_id, lan.ifindex);
	if (!berth_world_cable_get(sim->w, n.client_cable, &lan))
		abort();
	to.sin6_port = htons(80);
	to.sin6_scope_id = lan.ifindex;
	expect(sim, "refused", try_connect(sim, n.client, to), -ECONNREFUSED);
	to.sin6_scope_id = 0;
	expect(sim, "no scope", try_connect(sim, n.client, to), -EINVAL);
	to.sin6_scope_id = 77;
	expect(sim, "no such scope", try_connect(sim, n.client, to), -ENODEV);
}

static void on_heal(struct sim *sim, void *arg)
{
	(void)arg;
	expect(sim, "heal", berth_world_heal(sim->w, -1, -1), 0);
}

/* A partition is silence, by whichever address; others are not touched. */
static void run_partition(struct sim *sim)
{
	struct net n = two_networks(sim, false);

	expect(sim, "before", try_connect(sim, n.client, sim_address6(sim, n.server, 80)),
	       -ECONNREFUSED);
	expect(sim, "cut", berth_world_partition(sim->w, n.client, n.server, false), 0);
	expect(sim, "to the router", try_connect(sim, n.client, sim_address6(sim, n.router, 80)),
	       -ECONNREFUSED);
	sim_flow(sim, n.client, n.server, 1000, 1000);
	sim_at(sim, berth_world_now(sim->w) + 20 * BERTH_SEC, on_heal, NULL);
	sim_run(sim, 60 * BERTH_SEC);
	if (berth_world_now(sim->w) < 20 * BERTH_SEC)
		sim_fail(sim, "the partition let packets pass");
}

static const struct {
	const char *name;
	void (*run)(struct sim *sim);
} scenarios[] = {
	{"errors", run_errors},
	{"pmtu", run_pmtu},
	{"pmtu-datagram", run_pmtu_datagram},
	{"auto", run_auto},
	{"link-local", run_link_local},
	{"partition", run_partition},
};

/* Once, its capture hashed. */
static uint64_t run_once(size_t i, uint64_t seed)
{
	struct sim sim;

	sim_init(&sim, scenarios[i].name, seed, true);
	sim.ip6 = true;
	scenarios[i].run(&sim);
	printf("%-16s seed %llu %9.3f s, capture %016llx\n", sim.name, (unsigned long long)seed,
	       (double)berth_world_now(sim.w) / 1e9, (unsigned long long)sim.capture_hash);
	sim_fini(&sim);
	return sim.capture_hash;
}

int main(int argc, char **argv)
{
	unsigned ran = 0;

	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (argc > 1 && strcmp(argv[1], scenarios[i].name) != 0)
			continue;
		for (uint64_t seed = 1; seed <= 3; seed++) {
			if (run_once(i, seed) != run_once(i, seed)) {
				fprintf(stderr, "FAILED %s: one seed, two captures\n",
					scenarios[i].name);
				return 1;
			}
		}
		ran++;
	}
	return ran > 0 ? 0 : 2;
}
