/* SPDX-License-Identifier: MIT */
/*
 * UDP headers (RFC 768).
 */
#ifndef WIRE_UDP_HEADER_H
#define WIRE_UDP_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define UDP_HEADER_BYTES 8u

struct udp_header {
	uint16_t src_port; /* 0: none */
	uint16_t dst_port;
	uint16_t bytes;	   /* header and data: >= UDP_HEADER_BYTES */
	uint16_t checksum; /* as received, 0: none; written as it is */
};

/* False: truncated. `bytes` is as received: UDP-Lite has something else there (RFC 3828 §3.1). */
bool udp_read(struct reader *r, struct udp_header *h);
/* False: truncated, or a length less than the header's. That `bytes` bytes are there is not
 * checked. */
bool udp_parse(struct reader *r, struct udp_header *h);
/* Writes UDP_HEADER_BYTES bytes. */
void udp_write(uint8_t *at, const struct udp_header *h);

#endif
