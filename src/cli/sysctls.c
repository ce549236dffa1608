/* SPDX-License-Identifier: MIT */
#include "cli/sysctls.h"

#include <berth/berth.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void no_secret(void *ctx, void *buf, size_t bytes)
{
	(void)ctx;
	memset(buf, 0, bytes);
}

/* A host that nobody sees knows names and ranges. */
static int try(const char *name, int64_t value)
{
	const struct berth_stack_config config = {.random = no_secret};
	struct berth_stack *st = berth_stack_new(&config);
	int result;

	if (!st)
		return -ENOMEM;
	result = berth_stack_sysctl_set(st, name, value);
	berth_stack_free(st);
	return result;
}

int sysctls_parse(const char *name, const char *text, int64_t *out, const char **expected)
{
	static const char per_interface[] = "net.ipv6.conf.";
	char *end;
	long long value;
	int result;

	errno = 0;
	value = strtoll(text, &end, 10);
	*expected = "a whole number";
	if (end == text || *end != '\0' || errno != 0)
		return -EINVAL;
	result = try(name, value);
	*expected = "a value in its range";
	if (result == -EINVAL)
		return result;
	*expected = "one that hosts have, such as net.ipv4.tcp_fastopen";
	if (result < 0 && strncmp(name, per_interface, sizeof(per_interface) - 1) != 0)
		return -EINVAL;
	*out = value;
	return 0;
}
