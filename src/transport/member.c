/* SPDX-License-Identifier: MIT */
/*
 * Memberships of datagram sockets.
 *
 * The host joins a group once per membership (net/mcast.h counts); which sources a socket hears is
 * looked at when a packet is delivered. Rules and errors are Linux's ip_mc_source() and its like,
 * for both families: a filter changes its kind only while it is empty, a source that is added twice
 * or was not there is EADDRNOTAVAIL.
 *
 * Ownership: the sock owns its memberships, each its sources. Bounded by igmp_max_memberships and
 * SOURCES_MAX.
 */
#include "transport/member.h"

#include <errno.h>
#include <string.h>

#include "base/env.h"
#include "net/mcast.h"

#define SOURCES_MAX 10u /* Linux: igmp_max_msf */

static struct member *find(const struct dgram *d, const struct ipaddr *group, unsigned ifindex)
{
	for (struct member *m = d->members; m; m = m->next) {
		if (ipaddr_equal(&m->group, group) && (!ifindex || m->ifindex == ifindex))
			return m;
	}
	return NULL;
}

static struct mcast_filter filter_of(const struct member *m)
{
	return (struct mcast_filter){m->exclude, m->count, m->sources};
}

const struct member *member_find(const struct dgram *d, const struct ipaddr *group,
				 unsigned ifindex)
{
	return find(d, group, ifindex);
}

int member_join(struct dgram *d, const struct ipaddr *group, unsigned ifindex, bool sources_only)
{
	struct env *env = sock_env(&d->sock);
	const struct mcast_filter is = {.exclude = !sources_only};
	struct member *m;
	int32_t count = 0;
	int result;

	if (!ipaddr_is_multicast(group))
		return -EINVAL;
	/* Linux: ip_mc_find_dev(): the interface is chosen now, for as long as it lasts. */
	result = mcast_ifindex(sock_net(&d->sock), ifindex, group);
	if (result < 0)
		return result;
	ifindex = (unsigned)result;
	for (m = d->members; m; m = m->next) {
		if (ipaddr_equal(&m->group, group) && m->ifindex == ifindex)
			return -EADDRINUSE;
		count++;
	}
	if (count >= env->knobs.igmp_max_memberships)
		return -ENOBUFS;
	m = env_alloc(env, sizeof(*m));
	if (!m)
		return -ENOBUFS;
	result = mcast_change(sock_net(&d->sock), ifindex, group, NULL, &is);
	if (result < 0) {
		env_free(env, m);
		return result;
	}
	*m = (struct member){d->members, *group, ifindex, !sources_only, 0, NULL};
	d->members = m;
	return 0;
}

int member_leave(struct dgram *d, const struct ipaddr *group, unsigned ifindex)
{
	for (struct member **at = &d->members; *at; at = &(*at)->next) {
		struct member *m = *at;

		if (!ipaddr_equal(&m->group, group) || (ifindex && m->ifindex != ifindex))
			continue;
		const struct mcast_filter was = filter_of(m);

		*at = m->next;
		(void)mcast_change(sock_net(&d->sock), m->ifindex, &m->group, &was,
				   NULL); /* its link may be gone */
		env_free(sock_env(&d->sock), m->sources);
		env_free(sock_env(&d->sock), m);
		return 0;
	}
	return -EADDRNOTAVAIL;
}

void member_leave_all(struct dgram *d)
{
	while (d->members)
		(void)member_leave(d, &d->members->group, d->members->ifindex); /* it is there */
}

/* Where a source is in the filter; m->count: it is not. */
static uint32_t index_of(const struct member *m, const struct ipaddr *source)
{
	uint32_t i = 0;

	while (i < m->count && !ipaddr_equal(&m->sources[i], source))
		i++;
	return i;
}

/* The membership's filter was `was`. */
static int tell(struct dgram *d, const struct member *m, const struct mcast_filter *was)
{
	const struct mcast_filter is = filter_of(m);

	return mcast_change(sock_net(&d->sock), m->ifindex, &m->group, was, &is);
}

static int add_source(struct dgram *d, struct member *m, const struct ipaddr *source)
{
	struct env *env = sock_env(&d->sock);
	struct mcast_filter was = filter_of(m);
	struct ipaddr *grown;
	int result;

	if (m->count >= SOURCES_MAX)
		return -ENOBUFS;
	if (index_of(m, source) < m->count)
		return -EADDRNOTAVAIL;
	grown = env_realloc(env, m->sources, m->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOBUFS;
	m->sources = grown;
	was.sources = grown;
	m->sources[m->count++] = *source;
	result = tell(d, m, &was);
	if (result == -ENOBUFS)
		m->count--;
	return result == -ENOBUFS ? result : 0; /* else the interface is gone */
}

static int remove_source(struct dgram *d, struct member *m, const struct ipaddr *source)
{
	uint32_t i = index_of(m, source);
	struct mcast_filter was;

	if (i == m->count)
		return -EADDRNOTAVAIL;
	/* RFC 3376 §3.1: to include nobody is to leave. */
	if (m->count == 1 && !m->exclude)
		return member_leave(d, &m->group, m->ifindex);
	was = filter_of(m);
	m->sources[i] = m->sources[m->count - 1];
	m->sources[m->count - 1] = *source;
	m->count--;
	(void)tell(d, m, &was); /* the interface may be gone */
	return 0;
}

int member_source(struct dgram *d, const struct ipaddr *group, unsigned ifindex,
		  const struct ipaddr *source, bool exclude, bool add)
{
	struct member *m = find(d, group, ifindex);

	if (!ipaddr_is_multicast(group) || !m)
		return -EINVAL;
	if (m->exclude != exclude) {
		struct mcast_filter was = filter_of(m);

		if (m->count > 0)
			return -EINVAL;
		m->exclude = exclude;
		(void)tell(d, m, &was); /* the interface may be gone */
	}
	return add ? add_source(d, m, source) : remove_source(d, m, source);
}

int member_filter(struct dgram *d, const struct ipaddr *group, unsigned ifindex, bool exclude,
		  const struct ipaddr *sources, uint32_t count)
{
	struct env *env = sock_env(&d->sock);
	struct member *m = find(d, group, ifindex);
	struct ipaddr *copy = NULL;
	struct mcast_filter was;
	struct mcast_filter is;

	if (count > SOURCES_MAX)
		return -ENOBUFS;
	if (!ipaddr_is_multicast(group))
		return -EINVAL;
	if (!exclude && count == 0)
		return member_leave(d, group, ifindex);
	if (!m)
		return -EINVAL;
	if (count > 0) {
		copy = env_calloc(env, count, sizeof(*copy));
		if (!copy)
			return -ENOBUFS;
		memcpy(copy, sources, count * sizeof(*copy));
	}
	was = filter_of(m);
	is = (struct mcast_filter){exclude, count, copy};
	if (mcast_change(sock_net(&d->sock), m->ifindex, group, &was, &is) == -ENOBUFS) {
		env_free(env, copy);
		return -ENOBUFS;
	}
	env_free(env, m->sources);
	m->sources = copy;
	m->count = count;
	m->exclude = exclude;
	return 0;
}

bool member_wants(const struct dgram *d, const struct ip_info *info)
{
	for (const struct member *m = d->members; m; m = m->next) {
		if (ipaddr_equal(&m->group, &info->dst) &&
		    (!m->ifindex || m->ifindex == info->ifindex))
			return (index_of(m, &info->src) < m->count) != m->exclude;
	}
	if (!(ipaddr_is4(&info->dst) ? d->sock.opt->mcast_all : d->sock.opt->mcast6_all))
		return false;
	return mcast_hears(sock_net(&d->sock), info->ifindex, &info->dst, &info->src);
}
