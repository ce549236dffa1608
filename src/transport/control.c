/* SPDX-License-Identifier: MIT */
#include "transport/control.h"

#include <string.h>
#include <sys/socket.h>

void control_put(struct control *out, int level, int type, const void *data, size_t bytes)
{
	struct cmsghdr c = {.cmsg_len = CMSG_LEN(bytes), .cmsg_level = level, .cmsg_type = type};
	size_t left = out->room - out->used;
	size_t space = CMSG_SPACE(bytes);

	if (!out->base || left < sizeof(c)) {
		out->cut = true;
		return;
	}
	if (left < c.cmsg_len) {
		out->cut = true;
		c.cmsg_len = left;
	}
	memcpy(out->base + out->used, &c, sizeof(c));
	memcpy(out->base + out->used + sizeof(c), data, c.cmsg_len - sizeof(c));
	out->used += space < left ? space : left;
}
