/* SPDX-License-Identifier: MIT */
/*
 * A network as its file describes it: networks, hosts with their cables and commands, and what
 * happens when. Plain data; hosts and networks are named by index.
 */
#ifndef CLI_NETFILE_H
#define CLI_NETFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "cli/diag.h"
#include "cli/netem.h"

/* Impairments of a cable's two directions. */
struct netem_pair {
	struct netem_words up, down;
};

struct netfile_network {
	char *name;
	struct diag_pos pos, subnet_pos;
	struct sockaddr_storage subnet, subnet6; /* AF_UNSPEC: none */
	unsigned prefix, prefix6;
	uint32_t mtu;		  /* 0: the default */
	struct netem_pair impair; /* of every cable of it */
};

struct netfile_cable {
	int network;
	struct diag_pos pos;
	struct sockaddr_storage address, address6; /* AF_UNSPEC: to be drawn, or no such subnet */
	bool auto6;				   /* `address6: auto` */
	struct diag_pos address_pos, address6_pos;
	struct netem_pair impair; /* the network's merged in */
};

/* What a command waits for before it starts. */
struct netfile_after {
	int host;
	bool listens; /* until the host listens on the port; else until it has ended */
	int type;     /* SOCK_STREAM or SOCK_DGRAM */
	uint16_t port;
	struct diag_pos pos;
};

struct netfile_command {
	char **argv;  /* NULL-terminated; {"/bin/sh", "-c", text} for a string */
	char *text;   /* for people */
	bool running; /* expected to be running at the end */
	int exit;     /* the exit status expected otherwise */
	struct netfile_after *after;
	size_t after_count, after_capacity;
	char **env; /* "NAME=value", or "NAME": as berth's own */
	size_t env_count, env_capacity;
	char *cwd; /* NULL: berth's own */
	struct diag_pos pos;
};

struct netfile_sysctl {
	char *name;
	int64_t value;
};

struct netfile_host {
	char *name;
	struct diag_pos pos;
	struct netfile_cable *cables;
	size_t cable_count, cable_capacity;
	struct netfile_command *commands;
	size_t command_count, command_capacity;
	char **aliases;
	size_t alias_count, alias_capacity;
	struct netfile_sysctl *sysctls;
	size_t sysctl_count, sysctl_capacity;
	struct netem_words loopback;
};

#define NETFILE_ALL_NETWORKS (-1)
#define NETFILE_LOOPBACK (-2)

enum netfile_action {
	NETFILE_LINK,
	NETFILE_PARTITION,
	NETFILE_HEAL,
};

struct netfile_step {
	berth_time at;
	enum netfile_action action;
	struct diag_pos pos;
	int host, network;	  /* of a link; network may be one of the constants above */
	struct netem_pair impair; /* of a link, merged with what is set */
	int a, b;		  /* of a partition or a heal, which may have -1: all */
	bool one_way;
};

struct netfile {
	char *name;
	bool has_seed;
	uint64_t seed;
	struct netfile_network *networks;
	size_t network_count, network_capacity;
	struct netfile_host *hosts;
	size_t host_count, host_capacity;
	struct netfile_step *steps; /* in the order of time */
	size_t step_count, step_capacity;
	char *capture; /* NULL: none */
};

/* Reads a file. `d` was initialised with its name. 0 and *out is a network that can be built, every
 * address drawn; -EINVAL: `d` says why, *out is empty. */
int netfile_load(struct netfile *out, const char *path, struct diag *d);

/* The same for text in memory; `path` gives the network its name. */
int netfile_parse(struct netfile *out, const char *path, const char *text, size_t bytes,
		  struct diag *d);

/* Frees what it holds; harmless when it is empty. */
void netfile_fini(struct netfile *f);

/* Building one by hand. Each returns the new index. */
int netfile_add_network(struct netfile *f, const char *name);
int netfile_add_host(struct netfile *f, const char *name);

/* A cable from a host to a network, with the network's impairments. */
struct netfile_cable *netfile_add_cable(struct netfile *f, int host, int network);

/* A command that expects exit status 0; argv is left for the caller. */
/* A parameter of the host's; the name is copied. */
void netfile_add_sysctl(struct netfile_host *h, const char *name, int64_t value);
struct netfile_command *netfile_add_command(struct netfile_host *h);

/* Whether a word may name a host or a network: 1 to 63 letters, digits, '-', '_' and '.', the first
 * and the last of them a letter or digit. */
bool netfile_name_ok(const char *name);
#define NETFILE_NAME_EXPECTED "1 to 63 letters, digits, '-', '_' and '.'"

/* -1: no such name. */
int netfile_find_network(const struct netfile *f, const char *name);
int netfile_find_host(const struct netfile *f, const char *name);

/*
 * What only the whole shows: overlapping subnets, addresses outside their subnet or given
 * twice, commands that wait for each other. Draws the subnets and addresses that were left
 * out. To be called once; netfile_load() and _parse() do. 0 or -EINVAL.
 */
int netfile_check(struct netfile *f, struct diag *d);

#endif
