/* SPDX-License-Identifier: MIT */
#include "run/spare.h"

#include <stdio.h>

#define RESERVE 32

static bool keeps(const struct command *cmd, int fd, int reserve)
{
	struct run *r = cmd->run;
	char text[160];

	if (fd < 0 || fd + reserve < r->descriptors_max)
		return true;
	if (!r->told_descriptors && r->config.on_remark) {
		snprintf(text, sizeof(text),
			 "no descriptors are left of %d: sockets are refused with ENFILE; "
			 "raise the hard limit (ulimit -Hn)",
			 r->descriptors_max);
		r->config.on_remark(r->config.ctx, cmd->host, text);
	}
	r->told_descriptors = true;
	return false;
}

bool spare_keeps(const struct command *cmd, int fd)
{
	return keeps(cmd, fd, RESERVE);
}

bool spare_keeps_half(const struct command *cmd, int fd)
{
	return keeps(cmd, fd, RESERVE / 2);
}

void spare_wait(struct carrier *c)
{
	if (list_empty(&c->starved))
		list_add_tail(&c->run->starved, &c->starved);
}

void spare_freed(struct run *r)
{
	r->freed = true;
}

void spare_retry(struct run *r)
{
	struct list todo;

	if (!r->freed)
		return;
	r->freed = false;
	list_init(&todo);
	while (!list_empty(&r->starved)) {
		struct list *l = r->starved.next;

		list_del(l);
		list_add_tail(&todo, l);
	}
	while (!list_empty(&todo)) {
		struct carrier *c = list_first(&todo, struct carrier, starved);

		list_del(&c->starved);
		carrier_top_up(c); /* which may put it back */
	}
}
