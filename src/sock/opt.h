/* SPDX-License-Identifier: MIT */
/*
 * getsockopt and setsockopt. What a socket knows is in one table, see opt_row(); the levels of
 * protocols are the protocols' own.
 */
#ifndef SOCK_OPT_H
#define SOCK_OPT_H

#include <sys/socket.h>

#include "sock/socket.h"

int opt_set(struct socket *so, int level, int name, const void *value, socklen_t len);
int opt_get(struct socket *so, int level, int name, void *value, socklen_t *len);

/* For documentation: the `i`th option of the table; false past the last. */
struct opt_doc {
	int level, name;
	const char *symbol; /* "SO_REUSEADDR" */
	const char *text;
};
bool opt_row(unsigned i, struct opt_doc *out);

#endif
