/* SPDX-License-Identifier: MIT */
#include "tcp/tcp_settings.h"

#include "tcp/tcp.h"

const struct tcp_settings tcp_settings_default = {.window_clamp = UINT32_MAX};

berth_time tcp_rto_max(const struct tcp *t)
{
	return t->set->rto_max_ms ? t->set->rto_max_ms * BERTH_MSEC : TCP_RTO_MAX;
}

berth_time tcp_rto_min(const struct tcp *t)
{
	return t->set->rto_min_us ? t->set->rto_min_us * BERTH_USEC : TCP_RTO_MIN;
}

berth_time tcp_delack_max(const struct tcp *t)
{
	berth_time most = t->set->delack_max_us * BERTH_USEC;

	return most && most < TCP_DELACK ? most : TCP_DELACK;
}

uint32_t tcp_notsent_lowat(const struct tcp *t)
{
	int32_t host = t->ts->env->knobs.tcp_notsent_lowat;

	/* Linux: 0 leaves it to the host. */
	if (t->set->notsent_lowat)
		return t->set->notsent_lowat;
	return host < 0 ? UINT32_MAX : (uint32_t)host;
}

/* Those that somebody set are counted, and nobody's but the counter's to change. */
static struct tcp_settings *counted(const struct tcp *t)
{
	return t->set->refs > 0 ? (struct tcp_settings *)(uintptr_t)t->set : NULL;
}

struct tcp_settings *tcp_settings_edit(struct tcp *t)
{
	struct tcp_settings *own = counted(t);

	if (own && own->refs == 1)
		return own;
	own = env_alloc(t->ts->env, sizeof(*own));
	if (!own)
		return NULL;
	*own = *t->set;
	own->refs = 1;
	own->syn = NULL;
	own->syn_bytes = 0;
	tcp_settings_drop(t);
	t->set = own;
	return own;
}

void tcp_settings_keep_syn(struct tcp *t, uint8_t *syn, uint16_t bytes)
{
	struct tcp_settings *own = tcp_settings_edit(t);

	if (!own) {
		env_free(t->ts->env, syn);
		return;
	}
	env_free(t->ts->env, own->syn);
	own->syn = syn;
	own->syn_bytes = bytes;
}

void tcp_settings_share(struct tcp *child, const struct tcp *listener)
{
	struct tcp_settings *shared = counted(listener);

	tcp_settings_drop(child);
	child->set = listener->set;
	if (shared)
		shared->refs++;
}

void tcp_settings_drop(struct tcp *t)
{
	struct tcp_settings *own = counted(t);

	t->set = &tcp_settings_default;
	if (own && --own->refs == 0) {
		env_free(t->ts->env, own->syn);
		env_free(t->ts->env, own);
	}
}
