/* SPDX-License-Identifier: MIT */
#include "run/imap.h"

#include <errno.h>
#include <stdlib.h>

static size_t home(const struct imap *m, uint64_t key)
{
	uint64_t h = key * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h >> 20) & (m->cap - 1);
}

/* The slot of a key, or the free one where it would go. */
static struct imap_slot *find(const struct imap *m, uint64_t key)
{
	size_t i = home(m, key);

	while (m->slots[i].value && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

void *imap_get(const struct imap *m, uint64_t key)
{
	return m->cap ? find(m, key)->value : NULL;
}

static int grow(struct imap *m)
{
	struct imap bigger = {.cap = m->cap ? m->cap * 2 : 64, .count = m->count};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].value)
			*find(&bigger, m->slots[i].key) = m->slots[i];
	free(m->slots);
	*m = bigger;
	return 0;
}

int imap_put(struct imap *m, uint64_t key, void *value)
{
	struct imap_slot *slot;

	if ((m->count + 1) * 3 > m->cap * 2 && grow(m) < 0)
		return -ENOMEM;
	slot = find(m, key);
	if (!slot->value)
		m->count++;
	slot->key = key;
	slot->value = value;
	return 0;
}

void *imap_del(struct imap *m, uint64_t key)
{
	struct imap_slot *slot;
	void *value;
	size_t i;
	size_t hole;

	if (!m->cap)
		return NULL;
	slot = find(m, key);
	value = slot->value;
	if (!value)
		return NULL;
	m->count--;
	hole = (size_t)(slot - m->slots);
	/* Close the gap: move back whatever could no longer be found behind it. */
	for (i = (hole + 1) & (m->cap - 1); m->slots[i].value; i = (i + 1) & (m->cap - 1)) {
		size_t want = home(m, m->slots[i].key);

		if (((i - want) & (m->cap - 1)) >= ((i - hole) & (m->cap - 1))) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole].value = NULL;
	return value;
}

void *imap_any(const struct imap *m)
{
	for (size_t i = 0; m->count && i < m->cap; i++)
		if (m->slots[i].value)
			return m->slots[i].value;
	return NULL;
}

void imap_fini(struct imap *m)
{
	free(m->slots);
	*m = (struct imap){0};
}
