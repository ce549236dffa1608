/* SPDX-License-Identifier: MIT */
/*
 * A map from 64-bit numbers to pointers: cookies, watches, threads and processes. Open
 * addressing with linear probing; NULL is no value.
 */
#ifndef RUN_IMAP_H
#define RUN_IMAP_H

#include <stddef.h>
#include <stdint.h>

struct imap_slot {
	uint64_t key;
	void *value; /* NULL: free */
};

/* All zero: empty. */
struct imap {
	struct imap_slot *slots;
	size_t cap; /* a power of two, or 0 */
	size_t count;
};

/* The value of a key, NULL if there is none. */
void *imap_get(const struct imap *m, uint64_t key);

/* Sets a key's value, which is not NULL. 0, or -ENOMEM and nothing changed. */
int imap_put(struct imap *m, uint64_t key, void *value);

/* Takes a key out and returns its value, NULL if there was none. */
void *imap_del(struct imap *m, uint64_t key);

/* Any one value, to empty a map by; NULL when it is empty. */
void *imap_any(const struct imap *m);

/* Frees the map, not the values. */
void imap_fini(struct imap *m);

#endif
