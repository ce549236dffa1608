/* SPDX-License-Identifier: MIT */
/*
 * A world from a network file, and the steps of its timeline.
 *
 * Networks and hosts are added in the order of the file, so that an index means the same
 * to both. The name service answers at the addresses where this machine's programs ask: the
 * nameservers of /etc/resolv.conf, because that is the file that the programs read.
 */
#include "cli/netbuild.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <berth/netif.h>

#include "cli/xalloc.h"

#define LOOPBACK_IFINDEX 1
#define DNS_PORT 53

static int add_network(struct berth_world *w, const struct netfile_network *n, char **out_problem)
{
	struct berth_network_config config = {
		.name = n->name,
		.subnet = n->subnet,
		.prefix_len = n->prefix,
		.subnet6 = n->subnet6,
		.prefix6_len = n->prefix6,
		.mtu = n->mtu,
	};
	int index = berth_world_add_network(w, &config);

	if (index < 0)
		*out_problem = xasprintf("network '%s': %s", n->name, strerror(-index));
	return index;
}

static int add_cable(struct berth_world *w, const struct netfile *f, int host,
		     const struct netfile_cable *c, char **out_problem)
{
	struct berth_cable_config config = {
		.host = host,
		.network = c->network,
		.address = c->address,
		.address6 = c->address6,
		.auto6 = c->auto6,
		.up = c->impair.up.value,
		.down = c->impair.down.value,
	};
	int index = berth_world_add_cable(w, &config);

	if (index < 0)
		*out_problem = xasprintf("the cable from host '%s' to network '%s': %s",
					 f->hosts[host].name, f->networks[c->network].name,
					 strerror(-index));
	return index;
}

static int add_host(struct berth_world *w, const struct netfile *f, size_t i, char **out_problem)
{
	const struct netfile_host *h = &f->hosts[i];
	struct berth_host_config config = {.name = h->name, .loopback = h->loopback.value};
	int host = berth_world_add_host(w, &config);
	int err = host;

	if (host < 0)
		*out_problem = xasprintf("host '%s': %s", h->name, strerror(-host));
	for (size_t j = 0; j < h->alias_count && err >= 0; j++) {
		err = berth_world_add_alias(w, h->aliases[j], host);
		if (err < 0)
			*out_problem = xasprintf("alias '%s' of host '%s': %s", h->aliases[j],
						 h->name, strerror(-err));
	}
	for (size_t j = 0; j < h->cable_count && err >= 0; j++)
		err = add_cable(w, f, host, &h->cables[j], out_problem);
	for (size_t j = 0; j < h->sysctl_count && err >= 0; j++) {
		err = berth_stack_sysctl_set(berth_world_stack(w, host), h->sysctls[j].name,
					     h->sysctls[j].value);
		if (err < 0)
			*out_problem = xasprintf("sysctl '%s' of host '%s': %s", h->sysctls[j].name,
						 h->name, strerror(-err));
	}
	return err;
}

static int add_nameserver(struct berth_world *w, const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT)};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return berth_world_add_nameserver(w, (const struct sockaddr *)&in);
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		return berth_world_add_nameserver(w, (const struct sockaddr *)&in6);
	return -EINVAL;
}

/* libc asks 127.0.0.1 when the file names nobody. A server that cannot be ours (its address is a
 * host's) is left out: programs then ask the next, as on any machine. */
static void add_nameservers(struct berth_world *w)
{
	FILE *in = fopen("/etc/resolv.conf", "re");
	char line[512];
	char word[64];
	bool any = false;

	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, " nameserver %63s", word) == 1)
			any |= add_nameserver(w, word) == 0;
	}
	if (in)
		(void)fclose(in); /* only read from */
	if (!any)
		(void)add_nameserver(w, "127.0.0.1"); /* without names there are addresses */
}

/* Sequence numbers, ports and hash keys: what a host keeps secret never comes from the seed, which
 * is printed. */
static void secret(void *ctx, void *buf, size_t bytes)
{
	uint8_t *at = buf;

	(void)ctx;
	while (bytes > 0) {
		ssize_t got = getrandom(at, bytes, 0);

		if (got < 0 && errno != EINTR)
			abort(); /* Linux: this can't happen with valid memory */
		if (got > 0) {
			at += got;
			bytes -= (size_t)got;
		}
	}
}

static berth_time unix_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * BERTH_SEC + ts.tv_nsec;
}

int netbuild(const struct netfile *f, uint64_t seed, berth_time now, struct berth_world **out,
	     char **out_problem)
{
	struct berth_world_config config = {
		.seed = seed,
		.now = now,
		.epoch = unix_now() - now,
		.random = secret,
	};
	struct berth_world *w = berth_world_new(&config);
	int err = 0;

	if (!w) {
		*out_problem = xstrdup(strerror(ENOMEM));
		return -ENOMEM;
	}
	for (size_t i = 0; i < f->network_count && err >= 0; i++)
		err = add_network(w, &f->networks[i], out_problem);
	for (size_t i = 0; i < f->host_count && err >= 0; i++)
		err = add_host(w, f, i, out_problem);
	if (err >= 0) {
		add_nameservers(w);
		err = berth_world_route(w);
		if (err < 0)
			*out_problem = xasprintf("routes: %s", strerror(-err));
	}
	if (err < 0) {
		berth_world_free(w);
		return err;
	}
	*out = w;
	return 0;
}

static int apply_cable(struct berth_world *w, int cable, const struct netem_pair *words)
{
	struct berth_cable_info info;
	int err;

	if (!berth_world_cable_get(w, cable, &info))
		return -ENOENT;
	netem_merge(&info.up, &words->up);
	netem_merge(&info.down, &words->down);
	err = berth_world_set_impair(w, cable, BERTH_UP, &info.up);
	if (err < 0)
		return err;
	return berth_world_set_impair(w, cable, BERTH_DOWN, &info.down);
}

/* Nobody else changes a loopback, so what is set is the file's words and the steps before. Steps
 * stand in the order of time. */
static int apply_loopback(struct berth_world *w, const struct netfile *f,
			  const struct netfile_step *s)
{
	struct netem_words words = f->hosts[s->host].loopback;

	for (const struct netfile_step *step = f->steps; step <= s; step++) {
		if (step->action == NETFILE_HEAL && step->a < 0)
			words = f->hosts[s->host].loopback;
		else if (step->action == NETFILE_LINK && step->network == NETFILE_LOOPBACK &&
			 step->host == s->host)
			netem_merge_words(&words, &step->impair.up);
	}
	return berth_world_set_loopback(w, s->host, &words.value);
}

static int apply_link(struct berth_world *w, const struct netfile *f, const struct netfile_step *s)
{
	const struct netfile_host *h = &f->hosts[s->host];
	int err = 0;

	if (s->network == NETFILE_LOOPBACK)
		return apply_loopback(w, f, s);
	for (size_t i = 0; i < h->cable_count && err >= 0; i++) {
		int network = h->cables[i].network;

		if (s->network == NETFILE_ALL_NETWORKS || s->network == network)
			err = apply_cable(w, berth_world_find_cable(w, s->host, network),
					  &s->impair);
	}
	return err;
}

/* Every cable and loopback as the file has it. */
static int restore(struct berth_world *w, const struct netfile *f)
{
	int err = 0;

	for (size_t i = 0; i < f->host_count && err >= 0; i++) {
		const struct netfile_host *h = &f->hosts[i];

		err = berth_world_set_loopback(w, (int)i, &h->loopback.value);
		for (size_t j = 0; j < h->cable_count && err >= 0; j++) {
			const struct netfile_cable *c = &h->cables[j];
			int cable = berth_world_find_cable(w, (int)i, c->network);

			err = berth_world_set_impair(w, cable, BERTH_UP, &c->impair.up.value);
			if (err >= 0)
				err = berth_world_set_impair(w, cable, BERTH_DOWN,
							     &c->impair.down.value);
		}
	}
	return err;
}

int netbuild_apply(struct berth_world *w, const struct netfile *f, const struct netfile_step *s)
{
	int err;

	switch (s->action) {
	case NETFILE_LINK:
		return apply_link(w, f, s);
	case NETFILE_PARTITION:
		return berth_world_partition(w, s->a, s->b, s->one_way);
	case NETFILE_HEAL:
		err = berth_world_heal(w, s->a, s->b);
		return err < 0 || s->a >= 0 ? err : restore(w, f);
	}
	return -EINVAL;
}

int netbuild_set_loopback_mtu(struct berth_world *w, uint32_t mtu)
{
	int err = 0;

	for (int host = 0; host < berth_world_hosts(w) && err >= 0; host++)
		err = berth_netif_set_mtu(berth_world_stack(w, host), LOOPBACK_IFINDEX, mtu);
	return err;
}
