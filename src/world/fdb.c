/* SPDX-License-Identifier: MIT */
#include "world/fdb.h"

#include <errno.h>

#include "base/check.h"
#include "base/env.h"

static struct fdb_entry *bucket_of(const struct fdb *f, uint64_t mac)
{
	uint64_t hash = mac * UINT64_C(0x9E3779B97F4A7C15);

	return f->entries + ((hash >> 32) & (f->buckets - 1)) * FDB_WAYS;
}

void fdb_fini(struct fdb *f, struct env *env)
{
	env_free(env, f->entries);
	*f = (struct fdb){0};
}

int fdb_reserve(struct fdb *f, struct env *env, uint32_t ports)
{
	struct fdb old = *f;
	uint32_t buckets = old.buckets ? old.buckets : 4;

	while (buckets < ports)
		buckets *= 2;
	if (buckets == old.buckets)
		return 0;
	struct fdb_entry *entries = env_calloc(env, (size_t)buckets * FDB_WAYS, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	*f = (struct fdb){entries, buckets};
	for (uint32_t i = 0; i < old.buckets * FDB_WAYS; i++) {
		if (old.entries[i].mac)
			fdb_learn(f, old.entries[i].mac, old.entries[i].port, old.entries[i].seen);
	}
	env_free(env, old.entries);
	return 0;
}

void fdb_learn(struct fdb *f, uint64_t mac, int port, berth_time now)
{
	struct fdb_entry *bucket = bucket_of(f, mac);
	struct fdb_entry *oldest = bucket;

	ASSERT(f->buckets > 0);
	ASSERT(port >= 0);
	if (mac == 0)
		return;
	for (struct fdb_entry *e = bucket; e < bucket + FDB_WAYS; e++) {
		if (e->mac == mac) {
			e->seen = now;
			e->port = port;
			return;
		}
		if (oldest->mac != 0 && (e->mac == 0 || e->seen < oldest->seen))
			oldest = e;
	}
	*oldest = (struct fdb_entry){mac, now, port};
}

int fdb_find(const struct fdb *f, uint64_t mac, berth_time now)
{
	const struct fdb_entry *bucket = bucket_of(f, mac);

	for (const struct fdb_entry *e = bucket; e < bucket + FDB_WAYS; e++) {
		if (mac != 0 && e->mac == mac)
			return now - e->seen < FDB_AGE_NS ? e->port : -1;
	}
	return -1;
}

void fdb_forget_port(struct fdb *f, int port)
{
	for (uint32_t i = 0; i < f->buckets * FDB_WAYS; i++) {
		if (f->entries[i].mac && f->entries[i].port == port)
			f->entries[i] = (struct fdb_entry){0};
	}
}
