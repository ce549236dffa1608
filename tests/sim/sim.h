/* SPDX-License-Identifier: MIT */
/*
 * Seeded worlds in virtual time, for tests: hosts, flows between them whose every byte is checked,
 * and things that happen at a moment. A run that goes wrong prints its seed and aborts.
 */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/berth.h>

struct sim;

/* A socket that the simulation serves; embedded in whatever it belongs to. */
struct watcher {
	void (*fn)(struct watcher *self, short events);
};

/* One end of a flow. */
struct side {
	struct watcher watcher;
	struct flow *flow;
	int host, fd; /* fd -1: not yet, or no more */
	bool connected, sent_all, got_all;
	uint64_t tx_seed, rx_seed;   /* which bytes it sends, and gets */
	uint64_t tx_bytes, rx_bytes; /* so far */
	uint64_t tx_total, rx_total;
};

/* A TCP connection on which both ends send, and check what they get. */
struct flow {
	struct watcher listener;
	struct sim *sim;
	struct flow *next;
	int listen_fd;
	uint16_t port;
	berth_time start, end; /* end 0: not yet */
	struct side client, server;
};

struct happening {
	struct happening *next;
	berth_time when;
	void (*fn)(struct sim *sim, void *arg);
	void *arg;
};

struct sim {
	const char *name;
	bool ip6; /* flows go over IPv6 */
	uint64_t seed, chance;
	struct berth_world *w;
	struct flow *flows;
	unsigned flow_count, flows_left;
	struct happening *happenings;
	struct berth_pcapng *capture;
	uint64_t capture_hash, capture_bytes;
	uint64_t packets, lost, duplicated, corrupted, reordered;
	/* Besides, for each packet that is captured; NULL: nobody. */
	void (*look)(struct sim *sim, const struct berth_packet_event *ev);
	const char *capture_path; /* also written there, if set */
	void *capture_file;
};

/* `capture`: every packet is observed, and the capture's bytes are hashed. The variable SIM_IP6 in
 * the environment sets ip6. */
void sim_init(struct sim *sim, const char *name, uint64_t seed, bool capture);
void sim_fini(struct sim *sim);

/* Says what and with which seed, and aborts. */
_Noreturn void sim_fail(const struct sim *sim, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Uniform in 0 .. bound - 1, from the simulation's seed. */
uint64_t sim_below(struct sim *sim, uint64_t bound);
/* Uniform in [0, max). */
double sim_real(struct sim *sim, double max);

/* Each returns the index, or fails the simulation. `subnet` is such as "10.1.0.0", a /24; with ip6
 * the network has fd00:0:0:1::/64 besides, the number being that of the second byte. */
int sim_network(struct sim *sim, const char *name, const char *subnet);
int sim_host(struct sim *sim, const char *name);
int sim_cable(struct sim *sim, int host, int network, const struct berth_impair *both);
void sim_route(struct sim *sim);

/* The first address of a host, or with cable >= 0 of that cable, and a port. */
struct sockaddr_in sim_address(struct sim *sim, int host, uint16_t port);
/* The same in IPv6. */
struct sockaddr_in6 sim_address6(struct sim *sim, int host, uint16_t port);

/* A connection from `client` to `server`, each sending so many bytes. It starts now. */
struct flow *sim_flow(struct sim *sim, int client, int server, uint64_t up_bytes,
		      uint64_t down_bytes);

/* Calls `fn` at `when`. */
void sim_at(struct sim *sim, berth_time when, void (*fn)(struct sim *sim, void *arg), void *arg);

/* Runs until every flow is done; fails if that takes longer than `limit` of virtual time. */
void sim_run(struct sim *sim, berth_time limit);
/* Runs for a time, whatever the flows do. */
void sim_run_for(struct sim *sim, berth_time duration);

#endif
