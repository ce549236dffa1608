/* SPDX-License-Identifier: MIT */
#include <berth/netif.h>
#include <berth/stack.h>

#include "pkt/packet.h"
#include "wire/print.h"

struct berth_pool *berth_pool_new(const struct berth_mem *mem, uint64_t bytes_max)
{
	return pool_new(mem, bytes_max);
}

void berth_pool_free(struct berth_pool *pool)
{
	pool_free(pool);
}

struct berth_packet *berth_packet_new(struct berth_pool *pool, const void *frame, size_t bytes)
{
	return packet_from(pool, frame, bytes);
}

void berth_packet_free(struct berth_packet *p)
{
	packet_free(p);
}

struct berth_packet *berth_packet_clone(const struct berth_packet *p)
{
	return packet_clone(p);
}

size_t berth_packet_bytes(const struct berth_packet *p)
{
	return packet_bytes(p);
}

size_t berth_packet_gso_bytes(const struct berth_packet *p)
{
	return p->gso_bytes;
}

size_t berth_packet_copy(const struct berth_packet *p, size_t offset, void *buf, size_t bytes)
{
	return packet_copy_out(p, offset, buf, bytes);
}

void berth_packet_complete(struct berth_packet *p)
{
	packet_complete(p);
}

int berth_packet_flip_bit(struct berth_packet *p, uint64_t bit)
{
	return packet_flip_bit(p, bit);
}

struct berth_packet *berth_packet_cut(struct berth_packet **p)
{
	return packet_cut(p);
}

size_t berth_packet_print(const struct berth_packet *p, char *buf, size_t bytes)
{
	return print_packet(p, buf, bytes);
}

void berth_packet_set_link(struct berth_packet *p, struct berth_packet *next)
{
	p->link = next;
}

struct berth_packet *berth_packet_link(const struct berth_packet *p)
{
	return p->link;
}
