/* SPDX-License-Identifier: MIT */
/*
 * What an administrator may set on a host: limits when it is made, knobs at any time. Names, ranges
 * and defaults of the knobs are those of Linux (Documentation/networking/ip-sysctl.rst); one whose
 * value is a list there has a name for each element here.
 */
#include <errno.h>
#include <string.h>

#include "net/if6.h"
#include "stack/host.h"

struct knob {
	const char *name;
	size_t offset; /* in struct knobs */
	int32_t min, max, initial;
};

#define KNOB(name, field, min, max, initial)                                                       \
	{                                                                                          \
		name, offsetof(struct knobs, field), min, max, initial                             \
	}
#define IPV4(field, min, max, initial) KNOB("net.ipv4." #field, field, min, max, initial)
#define SWITCH(field, initial) IPV4(field, 0, 1, initial)

static const struct knob table[] = {
	SWITCH(ip_forward, 0),
	IPV4(ip_default_ttl, 1, 255, 64),
	SWITCH(ip_nonlocal_bind, 0),
	IPV4(ip_no_pmtu_disc, 0, 3, 0),
	KNOB("net.ipv4.ip_local_port_range.lo", ip_local_port_lo, 1, 65535, 32768),
	KNOB("net.ipv4.ip_local_port_range.hi", ip_local_port_hi, 1, 65535, 60999),
	IPV4(icmp_ratelimit, 0, INT32_MAX, 1000),
	SWITCH(icmp_echo_ignore_all, 0),
	SWITCH(icmp_echo_ignore_broadcasts, 1),
	KNOB("net.ipv6.icmp.ratelimit", icmp6_ratelimit, 0, INT32_MAX, 1000),
	KNOB("net.ipv6.icmp.echo_ignore_all", icmp6_echo_ignore_all, 0, 1, 0),
	KNOB("net.ipv6.icmp.echo_ignore_multicast", icmp6_echo_ignore_multicast, 0, 1, 0),
	KNOB("net.ipv6.auto_flowlabels", ip6_auto_flowlabels, 0, 3, 1),
	IPV4(igmp_max_memberships, 0, INT32_MAX, 20),
	KNOB("net.ipv4.ping_group_range.lo", ping_group_lo, 0, INT32_MAX, 0),
	KNOB("net.ipv4.ping_group_range.hi", ping_group_hi, 0, INT32_MAX, INT32_MAX),
	SWITCH(igmp_link_local_mcast_reports, 1),
	KNOB("net.ipv6.mld_link_local_mcast_reports", mld_link_local_mcast_reports, 0, 1, 1),
	KNOB("net.core.somaxconn", somaxconn, 0, 65535, 4096),
	KNOB("net.core.rmem_default", rmem_default, 2304, INT32_MAX, 212992),
	KNOB("net.core.wmem_default", wmem_default, 4608, INT32_MAX, 212992),
	KNOB("net.unix.max_dgram_qlen", unix_max_dgram_qlen, 0, INT32_MAX, 10),
	KNOB("net.ipv4.tcp_rmem.default", tcp_rmem_default, 4096, INT32_MAX, 131072),
	KNOB("net.ipv4.tcp_wmem.default", tcp_wmem_default, 4096, INT32_MAX, 16384),
	IPV4(tcp_fin_timeout, 1, 86400, 60),
	IPV4(tcp_keepalive_time, 1, 32767, 7200),
	IPV4(tcp_keepalive_intvl, 1, 32767, 75),
	IPV4(tcp_keepalive_probes, 1, 127, 9),
	IPV4(tcp_retries1, 0, 255, 3),
	IPV4(tcp_retries2, 0, 255, 15),
	IPV4(tcp_orphan_retries, 0, 255, 0),
	IPV4(tcp_syn_retries, 1, 127, 6),
	IPV4(tcp_synack_retries, 0, 255, 5),
	IPV4(tcp_syn_linear_timeouts, 0, 127, 4),
	IPV4(tcp_syncookies, 0, 2, 1),
	IPV4(tcp_max_syn_backlog, 0, INT32_MAX, 4096),
	SWITCH(tcp_abort_on_overflow, 0),
	SWITCH(tcp_sack, 1),
	SWITCH(tcp_dsack, 1),
	IPV4(tcp_timestamps, 0, 2, 1),
	SWITCH(tcp_window_scaling, 1),
	IPV4(tcp_ecn, 0, 2, 2),
	SWITCH(tcp_ecn_fallback, 1),
	SWITCH(tcp_rfc1337, 0),
	IPV4(tcp_tw_reuse, 0, 2, 2),
	SWITCH(tcp_moderate_rcvbuf, 1),
	SWITCH(tcp_slow_start_after_idle, 1),
	SWITCH(tcp_no_metrics_save, 0),
	IPV4(tcp_notsent_lowat, -1, INT32_MAX, -1),
	IPV4(tcp_congestion_control, 0, 1, 1),
	IPV4(tcp_challenge_ack_limit, 0, INT32_MAX, INT32_MAX),
	IPV4(tcp_mtu_probing, 0, 2, 0),
	IPV4(tcp_base_mss, 48, 65535, 1024),
	IPV4(tcp_mtu_probe_floor, 48, 65535, 48),
	IPV4(tcp_min_snd_mss, 48, 65535, 48),
	IPV4(tcp_probe_threshold, 0, INT32_MAX, 8),
	IPV4(tcp_probe_interval, 0, INT32_MAX, 600),
	IPV4(tcp_fastopen, 0, INT32_MAX, 1),
	IPV4(tcp_fastopen_blackhole_timeout_sec, 0, INT32_MAX, 0),
};

STATIC_ASSERT(sizeof(struct knobs) == ARRAY_LEN(table) * sizeof(int32_t));

static int32_t *value_of(struct knobs *knobs, const struct knob *k)
{
	return (int32_t *)(void *)((char *)knobs + k->offset);
}

static const struct knob *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

void knobs_default(struct knobs *knobs)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		*value_of(knobs, &table[i]) = table[i].initial;
}

/* Splits "net.ipv6.conf.WHOSE.NAME"; false: it is none of these. Interfaces' names may have dots.
 */
static bool split_conf(const char *name, char whose[BERTH_NETIF_NAME_BYTES], const char **out_name)
{
	static const char prefix[] = "net.ipv6.conf.";
	const char *dot = strrchr(name, '.');
	const char *begin = name + sizeof(prefix) - 1;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 || dot <= begin ||
	    dot - begin >= BERTH_NETIF_NAME_BYTES)
		return false;
	memcpy(whose, begin, (size_t)(dot - begin));
	whose[dot - begin] = '\0';
	*out_name = dot + 1;
	return true;
}

int berth_stack_sysctl_get(const struct berth_stack *st, const char *name, int64_t *out_value)
{
	const struct knob *k = find(name);
	struct knobs knobs = st->env.knobs;
	char whose[BERTH_NETIF_NAME_BYTES];

	if (split_conf(name, whose, &name))
		return if6_conf_get(st->net, whose, name, out_value);
	if (k == NULL)
		return -ENOENT;
	*out_value = *value_of(&knobs, k);
	return 0;
}

int berth_stack_sysctl_set(struct berth_stack *st, const char *name, int64_t value)
{
	const struct knob *k = find(name);
	struct knobs knobs = st->env.knobs;
	char whose[BERTH_NETIF_NAME_BYTES];
	int result;

	if (split_conf(name, whose, &name)) {
		result = if6_conf_set(st->net, whose, name, value);
		stack_settle(st);
		return result;
	}
	if (k == NULL)
		return -ENOENT;
	if (value < k->min || value > k->max)
		return -EINVAL;
	*value_of(&knobs, k) = (int32_t)value;
	if (knobs.ip_local_port_lo > knobs.ip_local_port_hi)
		return -EINVAL;
	st->env.knobs = knobs;
	return 0;
}

static void default_u32(uint32_t *value, uint32_t initial)
{
	if (*value == 0)
		*value = initial;
}

void limits_default(struct berth_limits *limits)
{
	default_u32(&limits->sockets_max, 1u << 20);
	default_u32(&limits->neighbours_max, 4096);
	default_u32(&limits->neighbour_queue_max, 101);
	default_u32(&limits->frag_bytes_max, 4u << 20);
	default_u32(&limits->frag_datagrams_max, 1024);
	default_u32(&limits->txq_packets_max, 1000);
	default_u32(&limits->timewait_max, 65536);
	default_u32(&limits->somaxconn, 4096);
	default_u32(&limits->tcp_rmem_max, 6u << 20);
	default_u32(&limits->tcp_wmem_max, 4u << 20);
	default_u32(&limits->rmem_max, 4u << 20);
	default_u32(&limits->wmem_max, 4u << 20);
	if (limits->bytes_max == 0)
		limits->bytes_max = 1u << 30;
}
