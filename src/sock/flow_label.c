/* SPDX-License-Identifier: MIT */
#include "sock/flow_label.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/env.h"

#define LABEL_MASK 0xfffffu
#define LEASES_MAX 32u /* Linux: FL_MAX_PER_SOCK */

enum { ACTION_GET, ACTION_PUT, ACTION_RENEW };
enum { FLAG_CREATE = 1, FLAG_EXCLUSIVE = 2, FLAG_REFLECT = 4 };
enum { SHARE_EXCLUSIVE = 1, SHARE_PROCESS = 2, SHARE_USER = 3, SHARE_ANY = 255 };

/* The kernel's struct in6_flowlabel_req. */
struct request {
	uint8_t dst[16];
	uint32_t label; /* network order */
	uint8_t action, share;
	uint16_t flags, expires, linger;
	uint32_t pad;
};

static uint32_t *find(const struct sock_extra *extra, uint32_t label)
{
	for (uint32_t i = 0; i < extra->labels_count; i++) {
		if (extra->labels[i] == label)
			return &extra->labels[i];
	}
	return NULL;
}

static bool share_known(uint8_t share)
{
	return share == SHARE_EXCLUSIVE || share == SHARE_PROCESS || share == SHARE_USER ||
	       share == SHARE_ANY;
}

static int lease(struct env *env, struct sock_extra *extra, uint32_t label)
{
	uint32_t *grown;

	if (extra->labels_count >= LEASES_MAX)
		return -ENOBUFS;
	grown = env_realloc(env, extra->labels, extra->labels_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	extra->labels = grown;
	extra->labels[extra->labels_count++] = label;
	return 0;
}

/* Linux: a label of 0 asks for one that nobody has, which is written to where it stood. */
static int get_lease(struct opt_arg *a, struct sock_extra *extra, struct request *r)
{
	struct env *env = sock_env(a->s);
	uint32_t label = ntohl(r->label);
	bool choose = label == 0;
	int result;

	if (label & ~LABEL_MASK || !share_known(r->share))
		return -EINVAL;
	if (label && find(extra, label))
		return r->flags & FLAG_EXCLUSIVE ? -EEXIST : 0;
	if (!(r->flags & FLAG_CREATE))
		return -ENOENT;
	while (!label || (choose && find(extra, label)))
		label = env_random_u32(env) & LABEL_MASK;
	result = lease(env, extra, label);
	if (result == 0 && choose) {
		r->label = htonl(label);
		memcpy((void *)(uintptr_t)a->in, r, sizeof(*r));
	}
	return result;
}

int opt_set_flow_label(struct opt_arg *a)
{
	struct sock_extra *extra;
	struct request r;
	uint32_t *at;

	if (a->len < sizeof(r))
		return -EINVAL;
	memcpy(&r, a->in, sizeof(r));
	extra = sock_extra(a->s);
	if (!extra)
		return -ENOMEM;
	if (r.flags & FLAG_REFLECT && r.action != ACTION_RENEW)
		return a->s->protocol == IPPROTO_TCP && r.action == ACTION_GET ? 0 : -ENOPROTOOPT;
	if (r.action == ACTION_GET)
		return get_lease(a, extra, &r);
	if (r.action != ACTION_PUT && r.action != ACTION_RENEW)
		return -EINVAL;
	at = find(extra, ntohl(r.label));
	if (!at)
		return -ESRCH;
	if (r.action == ACTION_PUT)
		*at = extra->labels[--extra->labels_count];
	return 0;
}

int opt_get_flow_label(struct opt_arg *a)
{
	struct request r = {.share = SHARE_EXCLUSIVE};
	const struct sock_extra *extra = a->s->extra;

	if (a->len < sizeof(r))
		return -EINVAL;
	if (!extra || !(extra->flow & LABEL_MASK) || !find(extra, extra->flow & LABEL_MASK))
		return -ENOENT;
	memcpy(r.dst, a->s->remote.addr.bytes, sizeof(r.dst));
	r.label = htonl(extra->flow & LABEL_MASK);
	memcpy(a->out.bytes, &r, sizeof(r));
	a->out_len = sizeof(r);
	return 0;
}
