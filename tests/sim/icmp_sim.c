/* SPDX-License-Identifier: MIT */
/*
 * What sockets learn from ICMP, across whole worlds: refusals, hosts and networks that are not
 * there, and a path whose MTU shrinks under a running connection.
 *
 *     icmp_sim [SCENARIO]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define PATIENCE (300 * BERTH_SEC)

/* client - lan - router - wan - server. */
struct net {
	int client, router, server;
	int lan_cable, wan_cable; /* the router's */
};

static struct net two_networks(struct sim *sim)
{
	int lan = sim_network(sim, "lan", "10.1.0.0");
	int wan = sim_network(sim, "wan", "10.2.0.0");
	struct net n;

	n.client = sim_host(sim, "client");
	n.router = sim_host(sim, "router");
	n.server = sim_host(sim, "server");
	sim_cable(sim, n.client, lan, NULL);
	n.lan_cable = sim_cable(sim, n.router, lan, NULL);
	n.wan_cable = sim_cable(sim, n.router, wan, NULL);
	sim_cable(sim, n.server, wan, NULL);
	sim_route(sim);
	return n;
}

static struct sockaddr_in address(const char *text, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (inet_pton(AF_INET, text, &sin.sin_addr) != 1)
		abort();
	return sin;
}

static void expect(const struct sim *sim, const char *what, long got, long wanted)
{
	if (got != wanted)
		sim_fail(sim, "%s: %ld (%s), not %ld", what, got,
			 got < 0 ? strerror((int)-got) : "", wanted);
}

static int open_socket(struct sim *sim, int host, int type)
{
	int fd = berth_socket(berth_world_stack(sim->w, host), AF_INET, type, 0);

	if (fd < 0)
		sim_fail(sim, "socket: %s", strerror(-fd));
	return fd;
}

static int try_connect(struct sim *sim, int host, struct sockaddr_in to)
{
	int fd = open_socket(sim, host, SOCK_STREAM);
	int result =
		berth_world_connect(sim->w, host, fd, (struct sockaddr *)&to, sizeof(to), PATIENCE);

	berth_close(berth_world_stack(sim->w, host), fd);
	return result;
}

/* A connected datagram socket sends into the void: the error that the next receive returns. */
static long datagram_error(struct sim *sim, int host, struct sockaddr_in to)
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

/* Asking for IP_RECVERR brings the soft errors too, with who sent them. */
static void recverr(struct sim *sim, int host, struct sockaddr_in to, int error,
		    const char *offender)
{
	struct berth_stack *st = berth_world_stack(sim->w, host);
	int fd = open_socket(sim, host, SOCK_DGRAM);
	int one = 1;
	char buf[16];
	char control[512];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};

	expect(sim, "IP_RECVERR", berth_setsockopt(st, fd, IPPROTO_IP, 11, &one, sizeof(one)), 0);
	expect(sim, "sendto",
	       berth_sendto(st, fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)), 5);
	expect(sim, "recv with IP_RECVERR",
	       berth_world_recv(sim->w, host, fd, buf, sizeof(buf), 0, 10 * BERTH_SEC), -error);
	expect(sim, "recvmsg(MSG_ERRQUEUE)", berth_recvmsg(st, fd, &msg, MSG_ERRQUEUE), 5);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	if (!c || c->cmsg_level != IPPROTO_IP || c->cmsg_type != 11)
		sim_fail(sim, "no IP_RECVERR control message");
	/* struct sock_extended_err, then the offender's sockaddr_in. */
	uint32_t ee_errno;
	struct sockaddr_in from;
	char text[INET_ADDRSTRLEN];

	memcpy(&ee_errno, CMSG_DATA(c), sizeof(ee_errno));
	memcpy(&from, CMSG_DATA(c) + 16, sizeof(from));
	expect(sim, "ee_errno", ee_errno, error);
	if (strcmp(inet_ntop(AF_INET, &from.sin_addr, text, sizeof(text)), offender) != 0)
		sim_fail(sim, "the offender is %s, not %s", text, offender);
	berth_close(st, fd);
}

static void run_refused(struct sim *sim)
{
	struct net n = two_networks(sim);
	struct sockaddr_in there = sim_address(sim, n.server, 9);
	berth_time start = berth_world_now(sim->w);

	expect(sim, "connect", try_connect(sim, n.client, there), -ECONNREFUSED);
	expect(sim, "datagram", datagram_error(sim, n.client, there), -ECONNREFUSED);
	expect(sim, "lo", try_connect(sim, n.client, address("127.0.0.1", 9)), -ECONNREFUSED);
	expect(sim, "lo, datagram", datagram_error(sim, n.client, address("127.0.0.1", 9)),
	       -ECONNREFUSED);
	if (berth_world_now(sim->w) - start > BERTH_SEC)
		sim_fail(sim, "refusals take time");
}

/* Linux: three ARP requests a second apart, then EHOSTUNREACH; here and behind a router. */
static void run_host_unreachable(struct sim *sim)
{
	struct net n = two_networks(sim);
	berth_time start = berth_world_now(sim->w);

	expect(sim, "connect on the link", try_connect(sim, n.client, address("10.1.0.99", 80)),
	       -EHOSTUNREACH);
	berth_time took = berth_world_now(sim->w) - start;

	if (took < 2900 * BERTH_MSEC || took > 3300 * BERTH_MSEC)
		sim_fail(sim, "EHOSTUNREACH after %lld ms", (long long)(took / BERTH_MSEC));
	expect(sim, "connect behind the router",
	       try_connect(sim, n.client, address("10.2.0.99", 80)), -EHOSTUNREACH);
	/* Soft for a datagram socket: nothing is told unless asked for. */
	expect(sim, "datagram", datagram_error(sim, n.client, address("10.2.0.98", 80)), -EAGAIN);
	recverr(sim, n.client, address("10.2.0.97", 80), EHOSTUNREACH, "10.1.0.2");
	recverr(sim, n.client, address("10.1.0.97", 80), EHOSTUNREACH, "10.1.0.1");
}

static void run_net_unreachable(struct sim *sim)
{
	struct net n = two_networks(sim);
	struct sockaddr_in gateway;
	struct berth_cable_info info;
	struct sockaddr_in dst = address("192.0.2.0", 0);
	struct sockaddr_in far = address("192.0.2.1", 80);

	expect(sim, "no route", try_connect(sim, n.client, far), -ENETUNREACH);
	expect(sim, "no route, datagram", datagram_error(sim, n.client, far), -ENETUNREACH);
	/* The client believes that the router knows the way. */
	if (!berth_world_cable_get(sim->w, n.lan_cable, &info))
		abort();
	memcpy(&gateway, &info.address, sizeof(gateway));
	expect(sim, "route",
	       berth_route_add(berth_world_stack(sim->w, n.client), (struct sockaddr *)&dst, 24,
			       (struct sockaddr *)&gateway, 0, 0),
	       0);
	expect(sim, "the router has no route", try_connect(sim, n.client, far), -ENETUNREACH);
	expect(sim, "datagram", datagram_error(sim, n.client, far), -EAGAIN);
	recverr(sim, n.client, far, ENETUNREACH, "10.1.0.2");
}

/* A running connection meets a cable that has become smaller (RFC 1191): it goes on. */
static void shrink(struct sim *sim, void *arg)
{
	const struct net *n = arg;
	struct berth_cable_info info;

	if (!berth_world_cable_get(sim->w, n->wan_cable, &info))
		abort();
	expect(sim, "mtu",
	       berth_netif_set_mtu(berth_world_stack(sim->w, n->router), info.ifindex, 1000), 0);
}

static void run_pmtu(struct sim *sim)
{
	struct net n = two_networks(sim);
	struct berth_impair slow = {.delay = 5 * BERTH_MSEC, .rate_bits = 50000000};
	struct berth_impair small = slow;

	small.mtu = 1000; /* what the router does not refuse, the cable loses */
	for (int d = BERTH_UP; d <= BERTH_DOWN; d++)
		expect(sim, "impair",
		       berth_world_set_impair(sim->w, n.lan_cable, (enum berth_direction)d, &slow),
		       0);
	expect(sim, "impair", berth_world_set_impair(sim->w, n.wan_cable, BERTH_UP, &small), 0);
	shrink(sim, &n);
	sim_flow(sim, n.client, n.server, 2000000, 1000);
	sim_run(sim, 10 * BERTH_SEC);
}

static void run_pmtu_change(struct sim *sim)
{
	static struct net n;
	struct berth_impair slow = {.delay = 5 * BERTH_MSEC, .rate_bits = 50000000};

	n = two_networks(sim);
	for (int d = BERTH_UP; d <= BERTH_DOWN; d++)
		expect(sim, "impair",
		       berth_world_set_impair(sim->w, n.lan_cable, (enum berth_direction)d, &slow),
		       0);
	sim_flow(sim, n.client, n.server, 8000000, 1000);
	sim_at(sim, 500 * BERTH_MSEC, shrink, &n);
	sim_run(sim, 10 * BERTH_SEC);
}

/* Datagrams with path-MTU discovery: EMSGSIZE once known, fragments for those who do not care. */
static void run_pmtu_datagram(struct sim *sim)
{
	static char data[1400];
	struct net n = two_networks(sim);
	struct berth_stack *st = berth_world_stack(sim->w, n.client);
	struct berth_stack *peer = berth_world_stack(sim->w, n.server);
	struct sockaddr_in there = sim_address(sim, n.server, 4000);
	int fd = open_socket(sim, n.client, SOCK_DGRAM);
	int server = open_socket(sim, n.server, SOCK_DGRAM);
	int discover = 2; /* IP_PMTUDISC_DO */
	int mtu = 0;
	socklen_t len = sizeof(mtu);
	char buf[2000];

	expect(sim, "bind", berth_bind(peer, server, (struct sockaddr *)&there, sizeof(there)), 0);
	shrink(sim, &n);
	expect(sim, "connect", berth_connect(st, fd, (struct sockaddr *)&there, sizeof(there)), 0);
	/* WANT, the default: the first with DF is lost and teaches, the next go in fragments. */
	expect(sim, "send", berth_send(st, fd, data, sizeof(data), 0), sizeof(data));
	expect(sim, "recv", berth_world_recv(sim->w, n.client, fd, buf, sizeof(buf), 0, BERTH_SEC),
	       -EMSGSIZE);
	expect(sim, "IP_MTU", berth_getsockopt(st, fd, IPPROTO_IP, 14, &mtu, &len), 0);
	expect(sim, "the MTU", mtu, 1000);
	expect(sim, "send again", berth_send(st, fd, data, sizeof(data), 0), sizeof(data));
	expect(sim, "arrival",
	       berth_world_recv(sim->w, n.server, server, buf, sizeof(buf), 0, BERTH_SEC),
	       sizeof(data));
	expect(sim, "IP_MTU_DISCOVER",
	       berth_setsockopt(st, fd, IPPROTO_IP, 10, &discover, sizeof(discover)), 0);
	expect(sim, "too large", berth_send(st, fd, data, sizeof(data), 0), -EMSGSIZE);
	expect(sim, "just right", berth_send(st, fd, data, 972, 0), 972);
	expect(sim, "arrival",
	       berth_world_recv(sim->w, n.server, server, buf, sizeof(buf), 0, BERTH_SEC), 972);
	berth_close(st, fd);
	berth_close(peer, server);
}

/* The cable is cut, or the host's interface is down: what an unplugged host sees. */
static void run_link_down(struct sim *sim)
{
	struct net n = two_networks(sim);
	struct berth_stack *st = berth_world_stack(sim->w, n.client);
	struct berth_cable_info info;

	if (!berth_world_cable_get(sim->w, 0, &info))
		abort();
	expect(sim, "down", berth_netif_set_up(st, info.ifindex, false), 0);
	expect(sim, "connect", try_connect(sim, n.client, sim_address(sim, n.server, 80)),
	       -ENETUNREACH);
	expect(sim, "up", berth_netif_set_up(st, info.ifindex, true), 0);
	expect(sim, "connect", try_connect(sim, n.client, sim_address(sim, n.server, 80)),
	       -ECONNREFUSED);
}

static const struct {
	const char *name;
	void (*run)(struct sim *sim);
} scenarios[] = {
	{"refused", run_refused},
	{"host-unreachable", run_host_unreachable},
	{"net-unreachable", run_net_unreachable},
	{"pmtu", run_pmtu},
	{"pmtu-change", run_pmtu_change},
	{"pmtu-datagram", run_pmtu_datagram},
	{"link-down", run_link_down},
};

int main(int argc, char **argv)
{
	unsigned ran = 0;

	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		struct sim sim;

		if (argc > 1 && strcmp(argv[1], scenarios[i].name) != 0)
			continue;
		for (uint64_t seed = 1; seed <= 3; seed++) {
			sim_init(&sim, scenarios[i].name, seed, getenv("SIM_CAPTURE") != NULL);
			scenarios[i].run(&sim);
			printf("%-16s seed %llu %9.3f s\n", sim.name, (unsigned long long)seed,
			       (double)berth_world_now(sim.w) / 1e9);
			sim_fini(&sim);
		}
		ran++;
	}
	return ran > 0 ? 0 : 2;
}
