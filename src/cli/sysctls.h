/* SPDX-License-Identifier: MIT */
/* The kernel's parameters of a host, as `sysctls:` and --sysctl name them (docker's words). */
#ifndef CLI_SYSCTLS_H
#define CLI_SYSCTLS_H

#include <stdint.h>

/* Whether hosts have that parameter and take that value. 0 and *out; -EINVAL: *expected says what
 * is. Parameters of a single interface (net.ipv6.conf.eth0...) show when the host is made. */
int sysctls_parse(const char *name, const char *text, int64_t *out, const char **expected);

#endif
