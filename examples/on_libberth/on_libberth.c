/* SPDX-License-Identifier: MIT */
/*
 * The lecture's programs on libberth: several of them in one process, each on a host of a world in
 * virtual time, so that seconds of the network take none of ours. Their sources are those that run
 * on the kernel.
 *
 *     on_libberth [-d DELAY_MS] [-l LOSS_PERCENT] [-s SEED] HOST [PROGRAM [ARGUMENT...]]
 *                 [+ HOST [PROGRAM [ARGUMENT...]]]...
 *
 *     on_libberth -d 20 server stream_server 7000 1 + client stream_client server 7000 hello
 *
 * A host that is named first gets 10.9.0.1 and fd09::1, the next the next. A program starts when
 * the one before it waits.
 */
#include "berkeley.h"
#include "turns.h"

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} known[] = {
	{"stream_server", stream_server_main},
	{"stream_client", stream_client_main},
	{"datagram_server", datagram_server_main},
	{"datagram_client", datagram_client_main},
	{"select_server", select_server_main},
	{"poll_server", poll_server_main},
	{"socket_pairs", socket_pairs_main},
	{"resolver", resolver_main},
	{"ping", ping_main},
	{"options", options_main},
};

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-result));
	exit(2);
}

static struct berth_world *make_world(uint64_t seed)
{
	const struct berth_world_config config = {.seed = seed};
	struct berth_world *w = berth_world_new(&config);
	struct berth_network_config lan = {.name = "lan", .prefix_len = 24, .prefix6_len = 64};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	inet_pton(AF_INET, "10.9.0.0", &v4.sin_addr);
	inet_pton(AF_INET6, "fd09::", &v6.sin6_addr);
	memcpy(&lan.subnet, &v4, sizeof(v4));
	memcpy(&lan.subnet6, &v6, sizeof(v6));
	check(w ? 0 : -ENOMEM, "world");
	check(berth_world_add_network(w, &lan), "network");
	inet_pton(AF_INET, "127.0.0.53", &v4.sin_addr);
	check(berth_world_add_nameserver(w, (struct sockaddr *)&v4), "name service");
	return w;
}

/* The host of that name, with a cable to the one network. */
static int host_named(struct berth_world *w, const char *name, const struct berth_impair *impair)
{
	const struct berth_host_config config = {.name = name};
	struct berth_cable_config cable = {.up = *impair, .down = *impair};
	int host = berth_world_find_host(w, name);

	if (host >= 0)
		return host;
	host = berth_world_add_host(w, &config);
	check(host, name);
	cable.host = host;
	check(berth_world_add_cable(w, &cable), name);
	return host;
}

static void add_program(int host, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, argv[0]) != 0)
			continue;
		check(turns_add(host, known[i].main, argc, argv) ? 0 : -E2BIG, argv[0]);
		return;
	}
	fprintf(stderr, "%s: no such program\n", argv[0]);
	exit(2);
}

int main(int argc, char **argv)
{
	struct berth_impair impair = {.delay = 0};
	struct berth_world *w;
	uint64_t seed = 1;
	int option;
	int status;

	while ((option = getopt(argc, argv, "+d:l:s:")) != -1) {
		if (option == 'd')
			impair.delay = atol(optarg) * BERTH_MSEC;
		else if (option == 'l')
			impair.loss = atof(optarg) / 100;
		else if (option == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	w = make_world(seed);
	for (int i = optind; i < argc;) {
		int end = i;

		while (end < argc && strcmp(argv[end], "+") != 0)
			end++;
		if (end == i) {
			fprintf(stderr, "usage: on_libberth [-d MS] [-l PERCENT] [-s SEED] "
					"HOST [PROGRAM [ARGUMENT...]] [+ ...]\n");
			return 2;
		}
		int host = host_named(w, argv[i], &impair);

		argv[end] = NULL;
		if (end - i > 1)
			add_program(host, end - i - 1, argv + i + 1);
		i = end + 1;
	}
	check(berth_world_route(w), "routes");
	status = turns_run(w);
	berth_world_free(w);
	return status;
}
