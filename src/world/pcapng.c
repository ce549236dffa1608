/* SPDX-License-Identifier: MIT */
/*
 * Captures in the pcapng format (draft-ietf-opsawg-pcapng): a section header; an interface
 * description block per cable and loopback, written when first needed but for those that exist at
 * the start; an enhanced packet block per packet, with its direction in epb_flags and its fate in
 * opt_comment.
 *
 * A packet's time is that at which it entered the cable. Blocks are built in one buffer, which
 * grows to the largest packet seen, and handed to `write` whole.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "world/core.h"

#define BLOCK_SECTION 0x0A0D0D0Au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1A2B3C4Du
#define LINKTYPE_ETHERNET 1u
#define OPTION_END 0u
#define OPTION_COMMENT 1u
#define SHB_USERAPPL 4u
#define IF_NAME 2u
#define IF_DESCRIPTION 3u
#define IF_TSRESOL 9u
#define EPB_FLAGS 2u
#define FLAGS_INBOUND 1u
#define FLAGS_OUTBOUND 2u
#define NANOSECONDS 9u
#define COMMENT_BYTES 256u
#define NAME_BYTES 560u
/* All that is in a block besides the packet and its padding. */
#define BLOCK_OVERHEAD_BYTES 2048u

struct berth_pcapng {
	const struct berth_world *w;
	struct env *env;
	int (*write)(void *ctx, const void *buf, size_t bytes);
	void *ctx;
	int error; /* what `write` returned, once it failed */
	uint8_t *block;
	size_t bytes, capacity;
	uint32_t interfaces; /* written so far */
	/* Interface id + 1 by cable, and by host for the loopbacks; 0: not written. */
	uint32_t *cable_ids, *loopback_ids;
	int cable_capacity, loopback_capacity;
};

static void put(struct berth_pcapng *c, const void *data, size_t bytes)
{
	ASSERT(bytes <= c->capacity - c->bytes);
	if (bytes > 0)
		memcpy(c->block + c->bytes, data, bytes);
	c->bytes += bytes;
}

/* In the byte order of this machine: the format lets a reader find out. */
static void put16(struct berth_pcapng *c, uint16_t value)
{
	put(c, &value, sizeof(value));
}

static void put32(struct berth_pcapng *c, uint32_t value)
{
	put(c, &value, sizeof(value));
}

static void pad(struct berth_pcapng *c)
{
	static const uint8_t zeros[4];

	put(c, zeros, (4 - c->bytes % 4) % 4);
}

static void put_option(struct berth_pcapng *c, uint16_t code, const void *data, size_t bytes)
{
	put16(c, code);
	put16(c, (uint16_t)bytes);
	put(c, data, bytes);
	pad(c);
}

static void begin(struct berth_pcapng *c, uint32_t type)
{
	c->bytes = 0;
	put32(c, type);
	put32(c, 0); /* the length, known at the end */
}

static int end(struct berth_pcapng *c)
{
	uint32_t total = (uint32_t)c->bytes + 4;

	ASSERT(c->bytes % 4 == 0);
	put32(c, total);
	memcpy(c->block + 4, &total, sizeof(total));
	if (c->error == 0) {
		int result = c->write(c->ctx, c->block, c->bytes);

		if (result < 0)
			c->error = result;
	}
	return c->error;
}

static void write_section(struct berth_pcapng *c)
{
	static const char appl[] = "berth " BERTH_VERSION;
	int64_t unknown_length = -1;

	begin(c, BLOCK_SECTION);
	put32(c, BYTE_ORDER_MAGIC);
	put16(c, 1); /* version 1.0 */
	put16(c, 0);
	put(c, &unknown_length, sizeof(unknown_length));
	put_option(c, SHB_USERAPPL, appl, sizeof(appl) - 1);
	put_option(c, OPTION_END, NULL, 0);
	(void)end(c); /* an error stays in c->error */
}

static void write_interface(struct berth_pcapng *c, const char *name, const char *description)
{
	uint8_t resolution = NANOSECONDS;

	begin(c, BLOCK_INTERFACE);
	put16(c, LINKTYPE_ETHERNET);
	put16(c, 0);
	put32(c, 0); /* packets are never cut short */
	put_option(c, IF_NAME, name, strlen(name));
	put_option(c, IF_DESCRIPTION, description, strlen(description));
	put_option(c, IF_TSRESOL, &resolution, sizeof(resolution));
	put_option(c, OPTION_END, NULL, 0);
	c->interfaces++;
	(void)end(c); /* an error stays in c->error */
}

/* Room for the ids of at least `count` things, the new ones 0. */
static int reserve_ids(struct berth_pcapng *c, uint32_t **ids, int *capacity, int count)
{
	int wanted = *capacity ? *capacity : 16;
	uint32_t *grown;

	if (count <= *capacity)
		return 0;
	while (wanted < count)
		wanted *= 2;
	grown = env_realloc(c->env, *ids, (size_t)wanted, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + *capacity, 0, (size_t)(wanted - *capacity) * sizeof(*grown));
	*ids = grown;
	*capacity = wanted;
	return 0;
}

static int cable_id(struct berth_pcapng *c, int cable, uint32_t *out)
{
	const struct cable *known = world_cable(c->w, cable);
	char name[NAME_BYTES];

	if (!known || reserve_ids(c, &c->cable_ids, &c->cable_capacity, cable + 1) < 0)
		return -ENOMEM;
	if (c->cable_ids[cable] == 0) {
		(void)snprintf(name, sizeof(name), "%s:%s", known->host->name,
			       known->network->name);
		write_interface(c, name, "cable");
		c->cable_ids[cable] = c->interfaces;
	}
	*out = c->cable_ids[cable] - 1;
	return 0;
}

static int loopback_id(struct berth_pcapng *c, int host, uint32_t *out)
{
	const struct host *known = world_host(c->w, host);
	char name[NAME_BYTES];

	if (!known || reserve_ids(c, &c->loopback_ids, &c->loopback_capacity, host + 1) < 0)
		return -ENOMEM;
	if (c->loopback_ids[host] == 0) {
		(void)snprintf(name, sizeof(name), "%s:lo", known->name);
		write_interface(c, name, "loopback");
		c->loopback_ids[host] = c->interfaces;
	}
	*out = c->loopback_ids[host] - 1;
	return 0;
}

/* Appends to a comment; what does not fit is cut off. */
__attribute__((format(printf, 2, 3))) static void say(char *comment, const char *format, ...)
{
	size_t used = strlen(comment);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(comment + used, COMMENT_BYTES - used, format, args);
	va_end(args);
}

static const struct berth_impair *impair_of(const struct berth_world *w,
					    const struct berth_packet_event *ev)
{
	if (ev->cable < 0)
		return &world_host(w, ev->host)->loopback.impair;
	const struct cable *c = world_cable(w, ev->cable);

	return ev->direction == BERTH_UP ? &c->up.impair : &c->down.impair;
}

static void say_rule(char *comment, enum berth_rule rule, const struct berth_impair *i)
{
	switch (rule) {
	case BERTH_RULE_NONE:
		break;
	case BERTH_RULE_LOSS:
		say(comment, "loss %g%%", i->loss * 100);
		break;
	case BERTH_RULE_GEMODEL:
		say(comment, "gemodel %g%% %g%% %g%% %g%%", i->gemodel_p * 100, i->gemodel_r * 100,
		    i->gemodel_1_h * 100, i->gemodel_1_k * 100);
		break;
	case BERTH_RULE_LIMIT:
		say(comment, "limit %u", i->limit ? i->limit : LANE_LIMIT_DEFAULT);
		break;
	case BERTH_RULE_MTU:
		say(comment, "mtu %u", i->mtu);
		break;
	case BERTH_RULE_PARTITION:
		say(comment, "partition");
		break;
	case BERTH_RULE_DOWN:
		say(comment, "down");
		break;
	}
}

static void say_fate(char *comment, const struct berth_world *w,
		     const struct berth_packet_event *ev)
{
	comment[0] = '\0';
	if (ev->fate == BERTH_FATE_LOST) {
		say(comment, "lost: ");
		say_rule(comment, ev->rule, impair_of(w, ev));
		return;
	}
	if (ev->fate == BERTH_FATE_DUPLICATED)
		say(comment, "duplicate, ");
	if (ev->arrival == ev->time)
		say(comment, "delivered at once");
	else
		say(comment, "delivered after %.3f ms", (double)(ev->arrival - ev->time) / 1e6);
	if (ev->reordered)
		say(comment, ", reordered");
	if (ev->corrupted)
		say(comment, ", corrupted");
}

static int reserve_block(struct berth_pcapng *c, size_t bytes)
{
	if (bytes <= c->capacity)
		return 0;
	void *grown = env_realloc(c->env, c->block, bytes, 1);

	if (!grown)
		return -ENOMEM;
	c->block = grown;
	c->capacity = bytes;
	return 0;
}

static int write_packet(struct berth_pcapng *c, const struct berth_packet_event *ev, uint32_t id)
{
	uint32_t flags = ev->direction == BERTH_UP ? FLAGS_OUTBOUND : FLAGS_INBOUND;
	size_t bytes = berth_packet_bytes(ev->packet);
	char comment[COMMENT_BYTES];

	say_fate(comment, c->w, ev);
	begin(c, BLOCK_PACKET);
	put32(c, id);
	put32(c, (uint32_t)((uint64_t)ev->time >> 32));
	put32(c, (uint32_t)ev->time);
	put32(c, (uint32_t)bytes);
	put32(c, (uint32_t)bytes);
	bytes = berth_packet_copy(ev->packet, 0, c->block + c->bytes, bytes);
	c->bytes += bytes;
	pad(c);
	put_option(c, OPTION_COMMENT, comment, strlen(comment));
	put_option(c, EPB_FLAGS, &flags, sizeof(flags));
	put_option(c, OPTION_END, NULL, 0);
	return end(c);
}

int berth_pcapng_packet(struct berth_pcapng *c, const struct berth_packet_event *ev)
{
	uint32_t id;
	int error = reserve_block(c, berth_packet_bytes(ev->packet) + BLOCK_OVERHEAD_BYTES);

	if (error == 0)
		error = ev->cable >= 0 ? cable_id(c, ev->cable, &id)
				       : loopback_id(c, ev->host, &id);
	if (error < 0)
		return error;
	return write_packet(c, ev, id);
}

struct berth_pcapng *berth_pcapng_new(const struct berth_world *w,
				      int (*write)(void *ctx, const void *buf, size_t bytes),
				      void *ctx)
{
	/* The world is const to the caller; its memory is not part of what it means. */
	struct env *env = (struct env *)(uintptr_t)&w->env;
	struct berth_pcapng *c = env_calloc(env, 1, sizeof(*c));
	uint32_t id;
	int error = 0;

	if (!c)
		return NULL;
	c->w = w;
	c->env = env;
	c->write = write;
	c->ctx = ctx;
	if (reserve_block(c, BLOCK_OVERHEAD_BYTES) < 0) {
		env_free(env, c);
		return NULL;
	}
	write_section(c);
	for (int i = 0; i < w->cables.count && error == 0; i++)
		error = cable_id(c, i, &id);
	if (error < 0) {
		berth_pcapng_free(c);
		return NULL;
	}
	return c;
}

void berth_pcapng_free(struct berth_pcapng *c)
{
	if (!c)
		return;
	env_free(c->env, c->block);
	env_free(c->env, c->cable_ids);
	env_free(c->env, c->loopback_ids);
	env_free(c->env, c);
}
