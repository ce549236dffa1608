/* SPDX-License-Identifier: MIT */
/*
 * TCP across networks that misbehave, many seeds each: whatever a cable does short of losing
 * everything, every byte arrives, once, in order, and both ends learn of the end.
 *
 *     tcp_sim [SCENARIO [SEED [SEEDS]]]
 *
 * SIM_CAPTURE=FILE writes the last run's capture. Scenarios that compare two runs do it by the hash
 * of the capture: same seed, same packets, same fates, same times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define HOSTS_MANY 50

static void describe(const struct sim *sim)
{
	printf("%-12s seed %-6llu %9.3f s, %llu packets: %llu lost, %llu duplicated, "
	       "%llu reordered, %llu corrupted\n",
	       sim->name, (unsigned long long)sim->seed, (double)berth_world_now(sim->w) / 1e9,
	       (unsigned long long)sim->packets, (unsigned long long)sim->lost,
	       (unsigned long long)sim->duplicated, (unsigned long long)sim->reordered,
	       (unsigned long long)sim->corrupted);
}

/* Two hosts on one network. */
static void two_hosts(struct sim *sim, const struct berth_impair *impair, int out[2])
{
	int lan = sim_network(sim, "lan", "10.9.0.0");

	out[0] = sim_host(sim, "client");
	out[1] = sim_host(sim, "server");
	sim_cable(sim, out[0], lan, impair);
	sim_cable(sim, out[1], lan, NULL);
	sim_route(sim);
}

/* Super-packets, no events: what a clean network does. */
static void run_clean(struct sim *sim)
{
	int hosts[2];

	sim_init(sim, "clean", sim->seed, false);
	two_hosts(sim, NULL, hosts);
	sim_flow(sim, hosts[0], hosts[1], 8000000, 8000000);
	sim_run(sim, BERTH_SEC);
}

static void run_delay(struct sim *sim)
{
	const struct berth_impair impair = {.delay = 20 * BERTH_MSEC};
	int hosts[2];

	sim_init(sim, "delay", sim->seed, false);
	two_hosts(sim, &impair, hosts);
	sim_flow(sim, hosts[0], hosts[1], 8000000, 100);
	sim_run(sim, 20 * BERTH_SEC);
}

static void run_one_kind(struct sim *sim, const char *name, const struct berth_impair *impair,
			 uint64_t bytes)
{
	int hosts[2];

	sim_init(sim, name, sim->seed, true);
	two_hosts(sim, impair, hosts);
	sim_flow(sim, hosts[0], hosts[1], bytes, bytes / 2);
	sim_run(sim, 600 * BERTH_SEC);
}

static void run_loss(struct sim *sim)
{
	const struct berth_impair impair = {.delay = 20 * BERTH_MSEC, .loss = 0.02};

	run_one_kind(sim, "loss", &impair, 1000000);
}

static void run_bursts(struct sim *sim)
{
	const struct berth_impair impair = {.delay = 5 * BERTH_MSEC,
					    .gemodel = true,
					    .gemodel_p = 0.01,
					    .gemodel_r = 0.3,
					    .gemodel_1_h = 0.8};

	run_one_kind(sim, "bursts", &impair, 500000);
}

static void run_reorder(struct sim *sim)
{
	const struct berth_impair impair = {.delay = 10 * BERTH_MSEC, .reorder = 0.25};

	run_one_kind(sim, "reorder", &impair, 1000000);
}

static void run_duplicate(struct sim *sim)
{
	const struct berth_impair impair = {.delay = 5 * BERTH_MSEC, .duplicate = 0.3};

	run_one_kind(sim, "duplicate", &impair, 1000000);
}

static void run_corrupt(struct sim *sim)
{
	const struct berth_impair impair = {.delay = 2 * BERTH_MSEC, .corrupt = 0.03};

	run_one_kind(sim, "corrupt", &impair, 500000);
}

/* A bottleneck with a short queue; the time it takes must fit the rate. */
static void run_rate(struct sim *sim)
{
	const struct berth_impair impair = {
		.delay = 10 * BERTH_MSEC, .rate_bits = 10000000, .limit = 50};
	int hosts[2];

	sim_init(sim, "rate", sim->seed, true);
	two_hosts(sim, &impair, hosts);
	const struct flow *f = sim_flow(sim, hosts[0], hosts[1], 2500000, 100);

	sim_run(sim, 60 * BERTH_SEC);
	double seconds = (double)(f->end - f->start) / 1e9;

	/* 2.5 MB are 2 s at 10 Mbit/s, headers not counted. */
	if (seconds < 2.0 || seconds > 3.5)
		sim_fail(sim, "2.5 MB at 10 Mbit/s took %.3f s", seconds);
}

static void draw_impair(struct sim *sim, struct berth_impair *i)
{
	memset(i, 0, sizeof(*i));
	if (sim_below(sim, 4))
		i->delay = (berth_time)sim_below(sim, 100 * BERTH_MSEC);
	if (sim_below(sim, 2))
		i->jitter = (berth_time)sim_below(sim, 20 * BERTH_MSEC);
	if (sim_below(sim, 2))
		i->loss = sim_real(sim, 0.08);
	if (sim_below(sim, 4) == 0) {
		i->gemodel = true;
		i->gemodel_p = sim_real(sim, 0.02);
		i->gemodel_r = 0.2 + sim_real(sim, 0.8);
		i->gemodel_1_h = sim_real(sim, 1);
	}
	if (sim_below(sim, 2))
		i->duplicate = sim_real(sim, 0.2);
	if (sim_below(sim, 2))
		i->reorder = sim_real(sim, 0.4);
	if (sim_below(sim, 2))
		i->corrupt = sim_real(sim, 0.03);
	if (sim_below(sim, 3) == 0)
		i->rate_bits = 1000000 + sim_below(sim, 100000000);
	if (sim_below(sim, 3) == 0)
		i->limit = 10 + (uint32_t)sim_below(sim, 200);
}

/* Everything at once, drawn. */
static void run_nasty(struct sim *sim)
{
	struct berth_impair impair;
	int hosts[2];

	sim_init(sim, "nasty", sim->seed, true);
	draw_impair(sim, &impair);
	two_hosts(sim, &impair, hosts);
	for (unsigned i = 0; i < 3; i++)
		sim_flow(sim, hosts[i % 2], hosts[(i + 1) % 2], sim_below(sim, 300000),
			 sim_below(sim, 300000));
	sim_run(sim, 1800 * BERTH_SEC);
}

/* Both ends of each flow on one host, whose loopback is impaired. */
static void run_loopback(struct sim *sim)
{
	const struct berth_impair impair = {.delay = 5 * BERTH_MSEC, .loss = 0.05};

	sim_init(sim, "loopback", sim->seed, sim->seed % 2);
	int host = sim_host(sim, "alone");

	if (berth_world_set_loopback(sim->w, host, &impair) < 0)
		sim_fail(sim, "set_loopback");
	sim_flow(sim, host, host, 500000, 500000);
	sim_run(sim, 600 * BERTH_SEC);
}

static void set_sysctl(struct sim *sim, int host, const char *name, int64_t value)
{
	if (berth_stack_sysctl_set(berth_world_stack(sim->w, host), name, value) < 0)
		sim_fail(sim, "%s", name);
}

/* Where a frame's IP and TCP headers are, how much follows them, and its ECN field. False: it is no
 * TCP. */
struct seen {
	uint8_t head[128];
	uint8_t *tcp;
	uint8_t ecn;
	size_t payload;
};

static bool see(const struct berth_packet *p, struct seen *out)
{
	size_t got = berth_packet_copy(p, 0, out->head, sizeof(out->head));
	const uint8_t *ip = out->head + 14;
	size_t end = 14;

	if (got < 14 + 40)
		return false;
	if (out->head[12] == 0x08 && out->head[13] == 0x00 && ip[9] == 6) {
		out->ecn = ip[1] & 3;
		out->tcp = out->head + 14 + (ip[0] & 15) * 4;
		end += (size_t)(ip[2] << 8 | ip[3]);
	} else if (out->head[12] == 0x86 && ip[6] == 6) {
		out->ecn = ip[1] >> 4 & 3;
		out->tcp = out->head + 14 + 40;
		end += 40 + (size_t)(ip[4] << 8 | ip[5]);
	} else {
		return false;
	}
	out->payload = end - (size_t)(out->tcp - out->head) - (out->tcp[12] >> 4) * 4u;
	return true;
}

static void look_for_ect(struct sim *sim, const struct berth_packet_event *ev)
{
	struct seen s;

	if (!see(ev->packet, &s))
		return;
	if (s.payload == 0 && s.ecn)
		sim_fail(sim, "a segment without data is marked");
	if (s.payload && !s.ecn)
		sim_fail(sim, "new data is not marked");
}

/* RFC 3168 §6.1: without loss, all data is marked, and nothing else. */
static void run_ecn(struct sim *sim)
{
	const struct berth_impair impair = {.delay = 5 * BERTH_MSEC};
	int hosts[2];

	sim_init(sim, "ecn", sim->seed, true);
	sim->look = look_for_ect;
	two_hosts(sim, &impair, hosts);
	set_sysctl(sim, hosts[0], "net.ipv4.tcp_ecn", 1);
	sim_flow(sim, hosts[0], hosts[1], 500000, 500000);
	sim_run(sim, 20 * BERTH_SEC);
}

/* RFC 4821 §7.7: a router whose far cable swallows what is larger than 1,280 bytes, without a word.
 * Without probing (odd seeds see it first) nothing large ever arrives. */
static void swallow(struct sim *sim, int64_t probing)
{
	const struct berth_impair hole = {.delay = 5 * BERTH_MSEC, .mtu = 1280};
	const struct berth_impair lossy = {.delay = 2 * BERTH_MSEC,
					   .loss = sim->seed % 3 ? 0 : 0.005};
	int nets[2];
	int hosts[3];

	nets[0] = sim_network(sim, "left", "10.1.0.0");
	nets[1] = sim_network(sim, "right", "10.3.0.0");
	hosts[0] = sim_host(sim, "a");
	hosts[1] = sim_host(sim, "b");
	hosts[2] = sim_host(sim, "router");
	sim_cable(sim, hosts[0], nets[0], &lossy);
	sim_cable(sim, hosts[2], nets[0], NULL);
	sim_cable(sim, hosts[2], nets[1], NULL);
	sim_cable(sim, hosts[1], nets[1], &hole);
	sim_route(sim);
	set_sysctl(sim, hosts[0], "net.ipv4.tcp_mtu_probing", probing);
	set_sysctl(sim, hosts[1], "net.ipv4.tcp_mtu_probing", probing);
	sim_flow(sim, hosts[0], hosts[1], 1000000, 200000);
}

static void run_hole(struct sim *sim)
{
	uint64_t seed = sim->seed;

	if (seed % 2) {
		sim_init(sim, "hole", seed, true);
		swallow(sim, 0);
		sim_run_for(sim, 60 * BERTH_SEC);
		if (sim->flows->server.rx_bytes > 0)
			sim_fail(sim, "data came through the hole");
		sim_fini(sim);
	}
	sim_init(sim, "hole", seed, true);
	swallow(sim, 1 + (int64_t)(seed / 2 % 2));
	sim_run(sim, 120 * BERTH_SEC);
}

struct pair {
	int a, b;
};

static void cut(struct sim *sim, void *arg)
{
	const struct pair *p = arg;

	if (berth_world_partition(sim->w, p->a, p->b, sim->seed % 2) < 0)
		sim_fail(sim, "partition");
}

static void heal(struct sim *sim, void *arg)
{
	(void)arg;
	if (berth_world_heal(sim->w, -1, -1) < 0)
		sim_fail(sim, "heal");
}

static void run_partition(struct sim *sim)
{
	const struct berth_impair impair = {.delay = 10 * BERTH_MSEC, .rate_bits = 2000000};
	int hosts[2];

	sim_init(sim, "partition", sim->seed, true);
	two_hosts(sim, &impair, hosts);
	struct pair p = {hosts[0], hosts[1]};

	sim_at(sim, BERTH_SEC, cut, &p);
	sim_at(sim, 20 * BERTH_SEC, heal, NULL);
	const struct flow *f = sim_flow(sim, hosts[0], hosts[1], 1000000, 1000000);

	sim_run(sim, 300 * BERTH_SEC);
	if (f->end < 20 * BERTH_SEC)
		sim_fail(sim, "done although partitioned");
}

/* Gives a random cable other impairments, or none, in a random direction. */
static void change(struct sim *sim, void *arg)
{
	struct berth_impair impair = {0};

	(void)arg;
	if (sim_below(sim, 3))
		draw_impair(sim, &impair);
	if (berth_world_set_impair(sim->w, (int)sim_below(sim, 2),
				   sim_below(sim, 2) ? BERTH_UP : BERTH_DOWN, &impair) < 0)
		sim_fail(sim, "set_impair");
}

/* Impairments that change, cables that are ideal at times, and cuts, while flows go on. */
static void run_change(struct sim *sim)
{
	const struct berth_impair first = {.rate_bits = 5000000};
	int hosts[2];

	sim_init(sim, "change", sim->seed, sim->seed % 2);
	two_hosts(sim, &first, hosts);
	struct pair p = {hosts[0], hosts[1]};

	for (int i = 0; i < 60; i++)
		sim_at(sim, (i + 1) * 200 * BERTH_MSEC, change, NULL);
	for (int i = 0; i < 4; i++) {
		sim_at(sim, i * 3 * BERTH_SEC + BERTH_SEC, cut, &p);
		sim_at(sim, i * 3 * BERTH_SEC + 2 * BERTH_SEC, heal, NULL);
	}
	for (int i = 0; i < 4; i++)
		sim_flow(sim, hosts[i % 2], hosts[(i + 1) % 2], 500000, 500000);
	sim_run(sim, 1800 * BERTH_SEC);
}

/* a - r1 - r2 - b, three networks, every cable impaired. */
static void run_routers(struct sim *sim)
{
	const struct berth_impair impair = {.delay = 3 * BERTH_MSEC, .loss = 0.005};
	int nets[3];
	int hosts[4];

	sim_init(sim, "routers", sim->seed, true);
	nets[0] = sim_network(sim, "left", "10.1.0.0");
	nets[1] = sim_network(sim, "middle", "10.2.0.0");
	nets[2] = sim_network(sim, "right", "10.3.0.0");
	hosts[0] = sim_host(sim, "a");
	hosts[1] = sim_host(sim, "b");
	hosts[2] = sim_host(sim, "r1");
	hosts[3] = sim_host(sim, "r2");
	sim_cable(sim, hosts[0], nets[0], &impair);
	sim_cable(sim, hosts[2], nets[0], &impair);
	sim_cable(sim, hosts[2], nets[1], &impair);
	sim_cable(sim, hosts[3], nets[1], &impair);
	sim_cable(sim, hosts[3], nets[2], &impair);
	sim_cable(sim, hosts[1], nets[2], &impair);
	sim_route(sim);
	sim_flow(sim, hosts[0], hosts[1], 500000, 500000);
	sim_flow(sim, hosts[1], hosts[0], 1000, 1000);
	sim_run(sim, 300 * BERTH_SEC);
}

/* The same on clean cables: super-packets through routers. */
static void run_forward(struct sim *sim)
{
	int nets[2];
	int hosts[3];

	sim_init(sim, "forward", sim->seed, false);
	nets[0] = sim_network(sim, "left", "10.1.0.0");
	nets[1] = sim_network(sim, "right", "10.3.0.0");
	hosts[0] = sim_host(sim, "a");
	hosts[1] = sim_host(sim, "b");
	hosts[2] = sim_host(sim, "router");
	sim_cable(sim, hosts[0], nets[0], NULL);
	sim_cable(sim, hosts[2], nets[0], NULL);
	sim_cable(sim, hosts[2], nets[1], NULL);
	sim_cable(sim, hosts[1], nets[1], NULL);
	sim_route(sim);
	sim_flow(sim, hosts[0], hosts[1], 4000000, 4000000);
	sim_run(sim, 10 * BERTH_SEC);
}

static void run_many(struct sim *sim)
{
	const struct berth_impair impair = {
		.delay = 5 * BERTH_MSEC, .jitter = BERTH_MSEC, .loss = 0.01};
	char name[16];
	int hosts[HOSTS_MANY];

	sim_init(sim, "many", sim->seed, false);
	int lan = sim_network(sim, "lan", "10.9.0.0");

	for (int i = 0; i < HOSTS_MANY; i++) {
		(void)snprintf(name, sizeof(name), "h%d", i);
		hosts[i] = sim_host(sim, name);
		sim_cable(sim, hosts[i], lan, i % 2 ? &impair : NULL);
	}
	sim_route(sim);
	for (int i = 0; i < 4 * HOSTS_MANY; i++) {
		int a = (int)sim_below(sim, HOSTS_MANY);
		int b = (a + 1 + (int)sim_below(sim, HOSTS_MANY - 1)) % HOSTS_MANY;

		sim_flow(sim, hosts[a], hosts[b], sim_below(sim, 50000), sim_below(sim, 50000));
	}
	sim_run(sim, 300 * BERTH_SEC);
}

/* Same seed, same bytes of capture; another seed, others. */
static void run_repeat(struct sim *sim)
{
	uint64_t seed = sim->seed;
	uint64_t hashes[3];

	for (unsigned i = 0; i < 3; i++) {
		sim->seed = seed + i / 2;
		run_nasty(sim);
		hashes[i] = sim->capture_hash;
		if (i < 2)
			sim_fini(sim);
	}
	if (hashes[0] != hashes[1])
		sim_fail(sim, "seed %llu gave two different captures", (unsigned long long)seed);
	if (hashes[0] == hashes[2])
		sim_fail(sim, "two seeds gave the same capture");
}

static const struct scenario {
	const char *name;
	void (*run)(struct sim *sim);
	unsigned seeds;
} scenarios[] = {
	{"clean", run_clean, 3},
	{"delay", run_delay, 3},
	{"forward", run_forward, 2},
	{"loss", run_loss, 10},
	{"bursts", run_bursts, 10},
	{"reorder", run_reorder, 5},
	{"duplicate", run_duplicate, 5},
	{"corrupt", run_corrupt, 10},
	{"rate", run_rate, 3},
	{"nasty", run_nasty, 60},
	{"loopback", run_loopback, 6},
	{"partition", run_partition, 6},
	{"change", run_change, 20},
	{"routers", run_routers, 5},
	{"many", run_many, 2},
	{"repeat", run_repeat, 3},
	{"ecn", run_ecn, 2},
	{"hole", run_hole, 6},
};

int main(int argc, char **argv)
{
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	unsigned wanted = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 0) : argc > 2 ? 1 : 0;
	bool found = false;
	struct sim sim;

	for (unsigned i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *s = &scenarios[i];
		unsigned seeds = wanted ? wanted : s->seeds;

		if (argc > 1 && strcmp(argv[1], s->name) != 0)
			continue;
		found = true;
		for (uint64_t seed = first; seed < first + seeds; seed++) {
			memset(&sim, 0, sizeof(sim));
			sim.seed = seed;
			s->run(&sim);
			describe(&sim);
			sim_fini(&sim);
		}
	}
	return found ? 0 : 2;
}
