/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "net/context.h"

/* Bytes of payload that may go into a slice's head[], so that its headers fit before them. */
#define SLICE_HEAD_MAX 56u

struct berth_packet *packet_slice(const struct berth_packet *p, size_t header, size_t from,
				  size_t bytes)
{
	size_t in_head = p->head_len - header;
	size_t n = from < in_head ? in_head - from : 0;
	struct berth_packet *q = packet_new(p->pool);
	int err = 0;

	if (!q)
		return NULL;
	if (n > bytes)
		n = bytes;
	if (n > 0 && n <= SLICE_HEAD_MAX)
		memcpy(packet_push(q, n), p->head + p->head_off + header + from, n);
	else if (n > 0)
		err = packet_append_copy(q, p->head + p->head_off + header + from, n);
	if (!err && bytes > n)
		err = packet_append_from(q, p, from + n - in_head, bytes - n);
	if (err) {
		packet_free(q);
		return NULL;
	}
	q->flags = p->flags;
	q->l4_protocol = p->l4_protocol;
	return q;
}
