/* SPDX-License-Identifier: MIT */
/* What a ladder tells of a frame: who to whom, and TCP's numbers. */
#ifndef CLI_SEGMENT_H
#define CLI_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* One end of a conversation; family AF_UNSPEC: not known. */
struct endpoint {
	sa_family_t family;
	uint16_t port;
	unsigned char address[16]; /* IPv4: the first four, the rest zero */
};

/* In place of a protocol: ARP or neighbour discovery. Who asks and who is asked for, or who answers
 * whom, are `from` and `to`; `flags` is which. */
#define SEGMENT_NEIGHBOUR 255
#define SEGMENT_ASKS 1
#define SEGMENT_ANSWERS 2

#define SEGMENT_FIN 0x01u
#define SEGMENT_SYN 0x02u
#define SEGMENT_RST 0x04u
#define SEGMENT_ACK 0x10u

struct segment {
	struct endpoint from, to;
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP, or SEGMENT_NEIGHBOUR */
	uint16_t ip_id;
	uint32_t bytes; /* of payload */
	/* TCP only. */
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window;
	bool has_sack;
	uint32_t sack_left, sack_right; /* of the first block */
};

/* Reads the headers of a frame, of which `bytes` are there; `frame_bytes` is its whole length.
 * False: not TCP, UDP or the above, a later fragment, or cut short. */
bool segment_decode(const unsigned char *frame, size_t bytes, size_t frame_bytes,
		    struct segment *out);

/* From AF_INET or AF_INET6; all zero of another family. */
struct endpoint endpoint_of(const struct sockaddr *a);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* Same address, whatever the port; an unspecified address (0.0.0.0) equals any. */
bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b);

/* "10.9.0.1:80", "[fd09::1]:80"; always terminated. */
void endpoint_print(const struct endpoint *e, char *buf, size_t bytes);

#endif
