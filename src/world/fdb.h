/* SPDX-License-Identifier: MIT */
/*
 * A switch's forwarding database: at which port a link address was last seen.
 *
 * Buckets of a few ways each, a hash of the address choosing the bucket; the oldest entry of a
 * full bucket makes room. So it is bounded by construction, and what is forgotten is flooded.
 */
#ifndef WORLD_FDB_H
#define WORLD_FDB_H

#include <stdint.h>

#include <berth/types.h>

struct env;

#define FDB_WAYS 8u
#define FDB_AGE_NS (300 * BERTH_SEC) /* IEEE 802.1D's default ageing time */

struct fdb_entry {
	uint64_t mac; /* 0: free */
	berth_time seen;
	int port;
};

struct fdb {
	struct fdb_entry *entries;
	uint32_t buckets; /* a power of two, or 0 */
};

/* All zero is an empty database, in which there is room for nothing. */
void fdb_fini(struct fdb *f, struct env *env);

/* Makes room for the addresses of `ports` ports. -ENOMEM: as it was. */
int fdb_reserve(struct fdb *f, struct env *env, uint32_t ports);

/* `mac` was seen at `port`. */
void fdb_learn(struct fdb *f, uint64_t mac, int port, berth_time now);

/* -1: not known, or not seen for FDB_AGE_NS. */
int fdb_find(const struct fdb *f, uint64_t mac, berth_time now);

/* Forgets all that was seen at `port`. */
void fdb_forget_port(struct fdb *f, int port);

#endif
