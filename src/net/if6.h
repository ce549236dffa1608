/* SPDX-License-Identifier: MIT */
/*
 * What IPv6 knows of an interface: its knobs (net.ipv6.conf.NAME.*), and the state of
 * autoconfiguration. It is there from when the interface is added till it is removed.
 */
#ifndef NET_IF6_H
#define NET_IF6_H

#include <stdbool.h>

#include "base/timer.h"
#include "net/net.h"

/* The knobs, in the words and with the meaning of Linux (ip-sysctl.rst). */
struct if6_conf {
	int32_t forwarding;	  /* whether it is a router's: advertisements are then ignored */
	int32_t hop_limit;	  /* of what is sent; routers' advertisements change it */
	int32_t mtu;		  /* what routers advertise; 0: the interface's own */
	int32_t accept_ra;	  /* 0 no, 1 unless it forwards, 2 always */
	int32_t accept_ra_defrtr; /* default routers from advertisements */
	int32_t accept_ra_pinfo;  /* prefixes */
	int32_t accept_ra_mtu;
	int32_t accept_ra_min_hop_limit;
	int32_t accept_ra_rtr_pref; /* RFC 4191 */
	int32_t accept_redirects;
	int32_t autoconf;		      /* addresses from prefixes (RFC 4862 §5.5.3) */
	int32_t addr_gen_mode;		      /* 0 EUI-64, 1 none, 2 and 3 stable (RFC 7217) */
	int32_t dad_transmits;		      /* 0: no duplicate address detection */
	int32_t accept_dad;		      /* 0: nor then */
	int32_t router_solicitations;	      /* how many; -1: till one answers */
	int32_t router_solicitation_interval; /* seconds */
	int32_t router_solicitation_delay;    /* seconds */
	int32_t disable_ipv6;
	/* Routers' own advertisements (RFC 4861 §6.2.1), which Linux leaves to radvd. */
	int32_t adv_send;	  /* AdvSendAdvertisements */
	int32_t adv_interval_min; /* seconds, 3 to 0.75 of the next */
	int32_t adv_interval_max; /* seconds, 4 to 1800 */
	int32_t adv_lifetime;	  /* seconds a default router, 0: none */
	int32_t adv_managed, adv_other;
	int32_t adv_mtu;       /* 0: none is told */
	int32_t adv_hop_limit; /* 0: unspecified, as the next two */
	int32_t adv_reachable_ms, adv_retrans_ms;
	int32_t adv_valid, adv_preferred; /* seconds, of each prefix of an address; 0: not told */
};

struct if6 {
	struct net *net;
	struct netif *netif;
	struct if6_conf conf;
	/* Soliciting routers (RFC 4861 §6.3.7). */
	struct timer rs_timer;
	int32_t rs_left;
	berth_time rs_interval_ns; /* doubles, RFC 7559 */
	/* Being one (RFC 4861 §6.2). */
	struct timer ra_timer;
	unsigned ra_initial_left;
	berth_time ra_sent; /* the last one to all */
};

/* The knobs of a new host. */
void if6_defaults(struct net *net);
/* Frees what is left of all interfaces. */
void if6_fini(struct net *net);
/* `n` was added. No memory: IPv6 is not available there. */
void if6_add(struct net *net, struct netif *n);
/* `n` goes away: its IPv6 state is freed. */
void if6_remove(struct net *net, struct netif *n);
/* The link is usable now, or no more. */
void if6_up(struct net *net, struct netif *n);
void if6_down(struct net *net, struct netif *n);

/* A knob by its last name, of an interface by name, or "all", or "default" (interfaces to come).
 * -ENOENT; -EINVAL: out of range. */
int if6_conf_get(const struct net *net, const char *whose, const char *name, int64_t *out_value);
int if6_conf_set(struct net *net, const char *whose, const char *name, int64_t value);

/* The largest IPv6 packet that leaves through `n`; 0: none does. */
uint32_t if6_mtu(const struct netif *n);
/* Whether packets of others that come in through `n` are forwarded, and `n` is a router's. */
bool if6_forwards(const struct net *net, const struct netif *n);

#endif
