/* SPDX-License-Identifier: MIT */
/*
 * Rows of SOL_SOCKET about packet filters: transport/bpf.c checks and runs them.
 */
#include "sock/opt_socket.h"

#include <errno.h>
#include <string.h>

#include "transport/bpf.h"
#include "transport/demux.h"
#include "transport/port.h"

/* A new filter in place of the old one, which may not be there; NULL: none. */
static void replace_filter(struct opt_arg *a, struct bpf *f)
{
	bpf_put(a->s->tp->env, a->opt->filter);
	a->opt->filter = f;
}

static int make_filter(const struct opt_arg *a, struct bpf **out)
{
	struct sock_fprog program;

	if (a->len != sizeof(program))
		return -EINVAL;
	memcpy(&program, a->in, sizeof(program));
	if (a->opt->filter_locked)
		return -EPERM;
	if (!program.filter)
		return -EINVAL;
	return bpf_new(a->s->tp->env, program.filter, program.len, out);
}

int opt_set_filter(struct opt_arg *a)
{
	struct bpf *f;
	int result = make_filter(a, &f);

	if (result == 0)
		replace_filter(a, f);
	return result;
}

int opt_set_chooser(struct opt_arg *a)
{
	struct bpf *f;
	int result = make_filter(a, &f);

	if (result < 0)
		return result;
	result = port_set_chooser(a->s, f);
	bpf_put(a->s->tp->env, f);
	return result;
}

int opt_detach_chooser(struct opt_arg *a)
{
	if (!a->s->opt->reuseport)
		return -EINVAL;
	if (!a->s->extra || !a->s->extra->chooser)
		return -ENOENT;
	return port_set_chooser(a->s, NULL);
}

/* Linux: lengths are instructions here; a room of 0 asks how many. */
int opt_get_filter(struct opt_arg *a)
{
	const struct sock_filter *code;
	uint32_t count;

	a->written = true;
	a->out_len = 0;
	if (!a->s->opt->filter)
		return 0;
	code = bpf_code(a->s->opt->filter, &count);
	if (a->len > 0 && a->len < count)
		return -EINVAL;
	if (a->len > 0)
		memcpy(a->room, code, count * sizeof(*code));
	a->out_len = count;
	return 0;
}

int opt_detach_filter(struct opt_arg *a)
{
	if (a->opt->filter_locked)
		return -EPERM;
	if (!a->opt->filter)
		return -ENOENT;
	replace_filter(a, NULL);
	return 0;
}

int opt_set_lock_filter(struct opt_arg *a)
{
	if (a->opt->filter_locked && !a->value)
		return -EPERM;
	a->opt->filter_locked = a->value != 0;
	return 0;
}

int opt_get_lock_filter(struct opt_arg *a)
{
	a->out.number = a->s->opt->filter_locked;
	return 0;
}

/* No descriptor is an eBPF program: without the privilege to load one there are none. */
int opt_set_ebpf(struct opt_arg *a)
{
	return a->opt->filter_locked ? -EPERM : -EINVAL;
}

int opt_get_bpf_extensions(struct opt_arg *a)
{
	a->out.number = SKF_AD_MAX;
	return 0;
}
