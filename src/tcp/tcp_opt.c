/* SPDX-License-Identifier: MIT */
/*
 * The options of level IPPROTO_TCP, with Linux's names, ranges and errors. Values live in struct
 * tcp and, what is rarely set, in struct tcp_settings. Left out: TCP_MD5SIG and TCP_AO_*
 * (ENOPROTOOPT, as a kernel that is built without), TCP_ZEROCOPY_RECEIVE, which needs a mapping. A
 * change that lifts what held data or an acknowledgment back lets it go at once; one that moves a
 * timer sets it anew.
 */
#include "tcp/tcp_usr.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>

#include "base/check.h"
#include "tcp/tcp_cc.h"
#include "tcp/tcp_fastopen.h"
#include "tcp/tcp_info.h"
#include "tcp/tcp_output.h"
#include "tcp/tcp_pcb.h"
#include "tcp/tcp_timer.h"

#define KEEPIDLE_MAX 32767
#define KEEPINTVL_MAX 32767
#define KEEPCNT_MAX 127
#define SYNCNT_MAX 127
#define MSS_MAX 32767
#define FIN_TIMEOUT_MAX 120
#define CC_NAME_BYTES 16
#define WINDOW_CLAMP_MIN 1152
#define TX_DELAY_MAX 1000000
#define RTO_MAX_MS_LOW 1000
#define RTO_MAX_MS_HIGH 120000
#define RTO_MIN_US_LOW 1000
#define RTO_MIN_US_HIGH 200000

/* Options that some C libraries' headers lack. */
enum {
	OPT_TIMESTAMP = 24,
	OPT_NOTSENT_LOWAT = 25,
	OPT_CC_INFO = 26,
	OPT_SAVE_SYN = 27,
	OPT_ULP = 31,
	OPT_FASTOPEN_CONNECT = 30,
	OPT_FASTOPEN_NO_COOKIE = 34,
	OPT_INQ = 36,
	OPT_TX_DELAY = 37,
	OPT_MD5SIG = 14,
	OPT_MD5SIG_EXT = 32,
	OPT_ZEROCOPY_RECEIVE = 35,
	OPT_AO_ADD_KEY = 38,
	OPT_AO_DEL_KEY = 39,
	OPT_AO_INFO = 40,
	OPT_AO_GET_KEYS = 41,
	OPT_AO_REPAIR = 42,
	OPT_THIN_LINEAR = 16,
	OPT_THIN_DUPACK = 17,
	OPT_REPAIR = 19,
	OPT_REPAIR_QUEUE = 20,
	OPT_QUEUE_SEQ = 21,
	OPT_REPAIR_OPTIONS = 22,
	OPT_SAVED_SYN = 28,
	OPT_REPAIR_WINDOW = 29,
	OPT_FASTOPEN_KEY = 33,
	OPT_IS_MPTCP = 43,
	OPT_RTO_MAX_MS = 44,
	OPT_RTO_MIN_US = 45,
	OPT_DELACK_MAX_US = 46,
};

static int set_congestion(struct opt_arg *a)
{
	struct tcp *t = tcp_of(a->s);
	size_t room = a->len < CC_NAME_BYTES ? a->len : CC_NAME_BYTES;
	const struct tcp_cc *cc;

	if (a->len < 1)
		return -EINVAL;
	cc = tcp_cc_find(a->in, strnlen(a->in, room));
	if (!cc)
		return -ENOENT;
	if (cc != t->cc) {
		t->cc = cc;
		if (t->state != TCP_CLOSE && t->state != TCP_LISTEN)
			cc->init(t);
	}
	return 0;
}

static int get_congestion(struct opt_arg *a)
{
	const char *name = tcp_of(a->s)->cc->name;

	memset(a->out.bytes, 0, CC_NAME_BYTES);
	memcpy(a->out.bytes, name, strlen(name));
	a->out_len = CC_NAME_BYTES;
	return 0;
}

static bool within(int value, int low, int high)
{
	return value >= low && value <= high;
}

/* Nagle or cork were lifted: what they held back may go. */
static void push(struct tcp *t)
{
	if (t->state != TCP_CLOSE && t->state != TCP_LISTEN)
		tcp_settle(t);
}

/* Retries that `seconds` of waiting between SYN+ACKs make (Linux: secs_to_retrans). */
static uint8_t retries_of(int seconds)
{
	uint8_t n = 0;
	int64_t span = 0;
	int64_t step = TCP_RTO_INIT / BERTH_SEC;

	while (seconds > span && n < UINT8_MAX) {
		span += step;
		step = step * 2 < TCP_RTO_MAX / BERTH_SEC ? step * 2 : TCP_RTO_MAX / BERTH_SEC;
		n++;
	}
	return n;
}

static int seconds_of(uint8_t retries)
{
	int64_t span = 0;
	int64_t step = TCP_RTO_INIT / BERTH_SEC;

	for (; retries; retries--) {
		span += step;
		step = step * 2 < TCP_RTO_MAX / BERTH_SEC ? step * 2 : TCP_RTO_MAX / BERTH_SEC;
	}
	return (int)span;
}

static int set_nodelay(struct opt_arg *a)
{
	struct tcp *t = tcp_of(a->s);

	t->nodelay = a->value != 0;
	if (t->nodelay)
		push(t);
	return 0;
}

static int get_nodelay(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);

	a->out.number = t->nodelay;
	return 0;
}

static int set_cork(struct opt_arg *a)
{
	struct tcp *t = tcp_of(a->s);

	t->cork = a->value != 0;
	if (!t->cork)
		push(t);
	return 0;
}

static int get_cork(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);

	a->out.number = t->cork;
	return 0;
}

/* What a field's offset is in. */
static void *settings_of(struct sock *s, bool edit)
{
	struct tcp *t = tcp_of(s);

	return edit ? tcp_settings_edit(t) : (void *)(uintptr_t)t->set;
}

/* What the row is about, to be changed. */
static struct tcp_settings *edit(const struct opt_arg *a)
{
	return tcp_settings_edit(tcp_of(a->s));
}

static int set_maxseg(struct opt_arg *a)
{
	struct tcp_settings *set;

	/* Linux: 0 takes the limit away. */
	if (a->value && !within(a->value, (int)TCP_MSS_MIN, MSS_MAX))
		return -EINVAL;
	set = edit(a);
	if (!set)
		return -ENOMEM;
	set->user_mss = (uint16_t)a->value;
	return 0;
}

static int get_maxseg(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);

	if (t->state != TCP_CLOSE && t->state != TCP_LISTEN)
		a->out.number = (int)t->snd_mss;
	else
		a->out.number = t->set->user_mss ? t->set->user_mss : (int)TCP_DEFAULT_MSS;
	return 0;
}

/* A keepalive timer that runs is another now. */
static int keepalive_changed(struct opt_arg *a)
{
	struct tcp *t = tcp_of(a->s);

	if (t->sock.opt->keepalive)
		tcp_slow_update(t);
	return 0;
}

static int get_keepidle(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);
	const struct knobs *k = &t->ts->env->knobs;

	a->out.number = t->set->keep_idle_s ? (int)t->set->keep_idle_s : k->tcp_keepalive_time;
	return 0;
}

static int get_keepintvl(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);
	const struct knobs *k = &t->ts->env->knobs;

	a->out.number =
		t->set->keep_interval_s ? (int)t->set->keep_interval_s : k->tcp_keepalive_intvl;
	return 0;
}

static int get_keepcnt(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);
	const struct knobs *k = &t->ts->env->knobs;

	a->out.number = t->set->keep_count ? t->set->keep_count : k->tcp_keepalive_probes;
	return 0;
}

static int get_syncnt(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);
	const struct knobs *k = &t->ts->env->knobs;

	a->out.number = t->set->syn_retries ? t->set->syn_retries : k->tcp_syn_retries;
	return 0;
}

static int set_linger2(struct opt_arg *a)
{
	struct tcp_settings *set = edit(a);
	int v = a->value;

	if (!set)
		return -ENOMEM;
	set->linger2_s = v < 0 ? -1 : v > FIN_TIMEOUT_MAX ? FIN_TIMEOUT_MAX : v;
	return 0;
}

static int get_linger2(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);
	const struct knobs *k = &t->ts->env->knobs;

	a->out.number = t->set->linger2_s ? t->set->linger2_s : k->tcp_fin_timeout;
	return 0;
}

static int set_defer_accept(struct opt_arg *a)
{
	struct tcp_settings *set = edit(a);

	if (!set)
		return -ENOMEM;
	set->defer_accept = retries_of(a->value);
	return 0;
}

static int get_defer_accept(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);

	a->out.number = seconds_of(t->set->defer_accept);
	return 0;
}

static int set_window_clamp(struct opt_arg *a)
{
	struct tcp_settings *set;

	if (a->value == 0 && tcp_of(a->s)->state != TCP_CLOSE)
		return -EINVAL;
	set = edit(a);
	if (!set)
		return -ENOMEM;
	/* Linux: no less than SOCK_MIN_RCVBUF / 2. */
	if (a->value == 0)
		set->window_clamp = UINT32_MAX;
	else
		set->window_clamp =
			a->value < WINDOW_CLAMP_MIN ? WINDOW_CLAMP_MIN : (uint32_t)a->value;
	return 0;
}

static int get_window_clamp(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);

	a->out.number = t->set->window_clamp == UINT32_MAX ? 0 : (int)t->set->window_clamp;
	return 0;
}

static int set_quickack(struct opt_arg *a)
{
	struct tcp *t = tcp_of(a->s);

	t->quickack_mode = a->value != 0;
	t->interactive = a->value == 0;
	if (a->value && t->ack_delayed) {
		t->ack_now = true;
		push(t);
	}
	return 0;
}

static int get_quickack(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);

	a->out.number = !t->interactive;
	return 0;
}

static int notsent_lowat_changed(struct opt_arg *a)
{
	if (tcp_of(a->s)->state != TCP_LISTEN)
		sock_notify(a->s, POLLOUT);
	return 0;
}

static bool is_unconnected(const struct opt_arg *a)
{
	uint8_t state = tcp_of(a->s)->state;

	return state == TCP_CLOSE || state == TCP_LISTEN;
}

/* Of a listener: how many connections may be open by a SYN alone (RFC 7413 §5.1). */
static int set_fastopen(struct opt_arg *a)
{
	struct tcp_settings *set;
	int most = (int)a->s->tp->env->knobs.somaxconn;

	if (a->value < 0 || !is_unconnected(a))
		return -EINVAL;
	set = edit(a);
	if (!set)
		return -ENOMEM;
	set->fastopen = (uint16_t)(a->value < most ? a->value : most);
	return 0;
}

static int get_fastopen(struct opt_arg *a)
{
	a->out.number = tcp_of(a->s)->set->fastopen;
	return 0;
}

static int set_fastopen_connect(struct opt_arg *a)
{
	struct tcp_settings *set;

	if (!within(a->value, 0, 1))
		return -EINVAL;
	if (!(a->s->tp->env->knobs.tcp_fastopen & FAST_CLIENT))
		return -EOPNOTSUPP;
	if (tcp_of(a->s)->state != TCP_CLOSE)
		return -EINVAL;
	set = edit(a);
	if (!set)
		return -ENOMEM;
	set->fastopen_connect = a->value;
	return 0;
}

static int get_fastopen_connect(struct opt_arg *a)
{
	a->out.number = tcp_of(a->s)->set->fastopen_connect;
	return 0;
}

static int set_fastopen_no_cookie(struct opt_arg *a)
{
	struct tcp_settings *set;

	if (!within(a->value, 0, 1) || !is_unconnected(a))
		return -EINVAL;
	set = edit(a);
	if (!set)
		return -ENOMEM;
	set->fastopen_no_cookie = a->value;
	return 0;
}

static int get_fastopen_no_cookie(struct opt_arg *a)
{
	a->out.number = tcp_of(a->s)->set->fastopen_no_cookie;
	return 0;
}

/* Linux: one key, or two: cookies are made with the first, and taken of both. None is told that was
 * not set. */
static int set_fastopen_key(struct opt_arg *a)
{
	struct tcp_settings *set;

	if (a->len != TCP_FAST_KEY_BYTES && a->len != 2 * TCP_FAST_KEY_BYTES)
		return -EINVAL;
	set = edit(a);
	if (!set)
		return -ENOMEM;
	memcpy(set->fastopen_key, a->in, a->len);
	set->fastopen_keys = (uint8_t)(a->len / TCP_FAST_KEY_BYTES);
	return 0;
}

static int get_fastopen_key(struct opt_arg *a)
{
	const struct tcp_settings *set = tcp_of(a->s)->set;

	a->out_len = set->fastopen_keys * TCP_FAST_KEY_BYTES;
	memcpy(a->out.bytes, set->fastopen_key, a->out_len);
	return 0;
}

static int get_nothing(struct opt_arg *a)
{
	a->out_len = 0;
	return 0;
}

static int get_timestamp(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);

	a->out.number = (int)tcp_clock_ms(t);
	return 0;
}

/* Linux: only the repairing process sets it. */
static int set_timestamp(struct opt_arg *a)
{
	(void)a;
	return -EPERM;
}

/* Linux: since 4.15 without effect. */
static int set_thin_dupack(struct opt_arg *a)
{
	return within(a->value, 0, 1) ? 0 : -EINVAL;
}

/* Linux: told once; who has too little room learns how much it takes. */
static int get_saved_syn(struct opt_arg *a)
{
	struct tcp *t = tcp_of(a->s);
	uint16_t bytes = t->set->syn_bytes;

	a->out_len = 0;
	if (!t->set->syn)
		return 0;
	if (a->len < bytes)
		return -EINVAL;
	memcpy(a->room, t->set->syn, bytes);
	a->out_len = bytes;
	a->written = true;
	tcp_settings_keep_syn(t, NULL, 0);
	return 0;
}

static int get_rto_max(struct opt_arg *a)
{
	a->out.number = (int)(tcp_rto_max(tcp_of(a->s)) / BERTH_MSEC);
	return 0;
}

static int get_rto_min(struct opt_arg *a)
{
	a->out.number = (int)(tcp_rto_min(tcp_of(a->s)) / BERTH_USEC);
	return 0;
}

static int get_delack_max(struct opt_arg *a)
{
	const struct tcp *t = tcp_of(a->s);

	a->out.number = t->set->delack_max_us ? (int)t->set->delack_max_us : RTO_MIN_US_HIGH;
	return 0;
}

/* Repair (CRIU) is not to be had: what Linux answers to who may not. */
static int set_not_permitted(struct opt_arg *a)
{
	(void)a;
	return -EPERM;
}

static int get_invalid(struct opt_arg *a)
{
	(void)a;
	return -EINVAL;
}

static int set_invalid(struct opt_arg *a)
{
	(void)a;
	return -EINVAL;
}

static int set_queue_seq(struct opt_arg *a)
{
	return tcp_of(a->s)->state == TCP_CLOSE ? -EINVAL : -EPERM;
}

/* Linux without the tls module. */
static int set_ulp(struct opt_arg *a)
{
	return a->len < 1 ? -EINVAL : -ENOENT;
}

static int get_info(struct opt_arg *a)
{
	struct tcp_info_now info;

	STATIC_ASSERT(sizeof(info) <= sizeof(a->out));
	tcp_info_fill(tcp_of(a->s), &info);
	memcpy(a->out.bytes, &info, sizeof(info));
	a->out_len = sizeof(info);
	return 0;
}

#define AT(field) offsetof(struct tcp_settings, field)

static const struct opt_row rows[] = {
	{TCP_NODELAY, "TCP_NODELAY", OPT_OWN, OPT_NONE, set_nodelay, get_nodelay, "flag",
	 "send small pieces at once, without Nagle's wait"},
	{TCP_MAXSEG, "TCP_MAXSEG", OPT_OWN, OPT_NONE, set_maxseg, get_maxseg, "int",
	 "the largest segment, before connecting; else the one in use"},
	{TCP_CORK, "TCP_CORK", OPT_OWN, OPT_NONE, set_cork, get_cork, "flag",
	 "send full segments only, until it is cleared"},
	{TCP_KEEPIDLE, "TCP_KEEPIDLE", OPT_INT, AT(keep_idle_s), 1, KEEPIDLE_MAX, keepalive_changed,
	 get_keepidle, "int", "seconds of silence before the first keepalive probe"},
	{TCP_KEEPINTVL, "TCP_KEEPINTVL", OPT_INT, AT(keep_interval_s), 1, KEEPINTVL_MAX,
	 keepalive_changed, get_keepintvl, "int", "seconds between keepalive probes"},
	{TCP_KEEPCNT, "TCP_KEEPCNT", OPT_BYTE, AT(keep_count), 1, KEEPCNT_MAX, keepalive_changed,
	 get_keepcnt, "int", "unanswered keepalive probes that end a connection"},
	{TCP_SYNCNT, "TCP_SYNCNT", OPT_BYTE, AT(syn_retries), 1, SYNCNT_MAX, NULL, get_syncnt,
	 "int", "SYNs sent again before connecting fails"},
	{TCP_LINGER2, "TCP_LINGER2", OPT_OWN, OPT_NONE, set_linger2, get_linger2, "int",
	 "seconds a closed end stays in FIN-WAIT-2"},
	{TCP_DEFER_ACCEPT, "TCP_DEFER_ACCEPT", OPT_OWN, OPT_NONE, set_defer_accept,
	 get_defer_accept, "int",
	 "accept() only what has sent data, or has waited so many seconds"},
	{TCP_WINDOW_CLAMP, "TCP_WINDOW_CLAMP", OPT_OWN, OPT_NONE, set_window_clamp,
	 get_window_clamp, "int", "bound of the window offered"},
	{TCP_INFO, "TCP_INFO", OPT_ASK, OPT_NONE, NULL, get_info, "struct tcp_info",
	 "what the connection knows of itself"},
	{TCP_QUICKACK, "TCP_QUICKACK", OPT_OWN, OPT_NONE, set_quickack, get_quickack, "flag",
	 "acknowledge at once"},
	{TCP_CONGESTION, "TCP_CONGESTION", OPT_BYTES, OPT_NONE, set_congestion, get_congestion,
	 "char[]", "the congestion control: cubic, reno"},
	{TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT", OPT_INT, AT(user_timeout_ms), 0, INT_MAX, NULL, NULL,
	 "int", "milliseconds data may stay unacknowledged"},
	{TCP_FASTOPEN, "TCP_FASTOPEN", OPT_OWN, OPT_NONE, set_fastopen, get_fastopen, "int",
	 "connections that may be open by a SYN with a cookie alone (RFC 7413)"},
	{OPT_TIMESTAMP, "TCP_TIMESTAMP", OPT_OWN, OPT_NONE, set_timestamp, get_timestamp, "int",
	 "the clock of the timestamps option"},
	{OPT_NOTSENT_LOWAT, "TCP_NOTSENT_LOWAT", OPT_INT, AT(notsent_lowat), INT_MIN, INT_MAX,
	 notsent_lowat_changed, NULL, "int", "bytes not sent yet that make the socket unwritable"},
	{OPT_SAVE_SYN, "TCP_SAVE_SYN", OPT_BYTE, AT(save_syn), 0, 2, NULL, NULL, "int",
	 "a listener keeps the headers of SYNs: 1 from IP on, 2 from the link on"},
	{OPT_SAVED_SYN, "TCP_SAVED_SYN", OPT_ASK, OPT_NONE, NULL, get_saved_syn, "uint8_t[]",
	 "the headers kept, once"},
	{OPT_FASTOPEN_CONNECT, "TCP_FASTOPEN_CONNECT", OPT_OWN, 0, 0, 1, set_fastopen_connect,
	 get_fastopen_connect, "flag", "connect() leaves the SYN to the first data"},
	{OPT_ULP, "TCP_ULP", OPT_BYTES, OPT_NONE, set_ulp, get_nothing, "char[]",
	 "there are none: ENOENT"},
	{OPT_FASTOPEN_KEY, "TCP_FASTOPEN_KEY", OPT_BYTES, OPT_NONE, set_fastopen_key,
	 get_fastopen_key, "uint8_t[16]",
	 "of a listener's cookies; two: the second is taken as well"},
	{OPT_FASTOPEN_NO_COOKIE, "TCP_FASTOPEN_NO_COOKIE", OPT_OWN, 0, 0, 1, set_fastopen_no_cookie,
	 get_fastopen_no_cookie, "flag", "data in SYNs without a cookie, sent and taken"},
	{OPT_INQ, "TCP_INQ", OPT_BYTE, AT(inq), 0, 1, NULL, NULL, "flag",
	 "bytes left to be read, as control data"},
	{OPT_TX_DELAY, "TCP_TX_DELAY", OPT_INT, AT(tx_delay_us), 0, TX_DELAY_MAX, NULL, NULL, "int",
	 "microseconds; kept, without effect, as on Linux without the queue fq"},
	{OPT_THIN_LINEAR, "TCP_THIN_LINEAR_TIMEOUTS", OPT_BYTE, AT(thin), 0, 1, NULL, NULL, "flag",
	 "time-outs of a thin stream are not doubled at first"},
	{OPT_THIN_DUPACK, "TCP_THIN_DUPACK", OPT_OWN, 0, 0, 1, set_thin_dupack, opt_get_zero,
	 "flag", "taken without effect, as on Linux"},
	{OPT_REPAIR, "TCP_REPAIR", OPT_OWN, OPT_NONE, set_not_permitted, opt_get_zero, "int",
	 "not to be had: EPERM"},
	{OPT_REPAIR_QUEUE, "TCP_REPAIR_QUEUE", OPT_OWN, OPT_NONE, set_not_permitted, get_invalid,
	 "int", "not to be had"},
	{OPT_QUEUE_SEQ, "TCP_QUEUE_SEQ", OPT_OWN, OPT_NONE, set_queue_seq, get_invalid, "int",
	 "not to be had"},
	{OPT_REPAIR_OPTIONS, "TCP_REPAIR_OPTIONS", OPT_OWN, OPT_NONE, set_invalid, NULL,
	 "struct tcp_repair_opt", "not to be had"},
	{OPT_REPAIR_WINDOW, "TCP_REPAIR_WINDOW", OPT_OWN, OPT_NONE, set_not_permitted, get_invalid,
	 "struct tcp_repair_window", "not to be had"},
	{OPT_CC_INFO, "TCP_CC_INFO", OPT_ASK, OPT_NONE, NULL, get_nothing, "union tcp_cc_info",
	 "of cubic and reno there is none"},
	{OPT_IS_MPTCP, "TCP_IS_MPTCP", OPT_ASK, OPT_NONE, NULL, opt_get_zero, "int", "it is not"},
	{OPT_RTO_MAX_MS, "TCP_RTO_MAX_MS", OPT_INT, AT(rto_max_ms), RTO_MAX_MS_LOW, RTO_MAX_MS_HIGH,
	 NULL, get_rto_max, "int", "the longest retransmission timeout"},
	{OPT_RTO_MIN_US, "TCP_RTO_MIN_US", OPT_INT, AT(rto_min_us), RTO_MIN_US_LOW, RTO_MIN_US_HIGH,
	 NULL, get_rto_min, "int", "the shortest retransmission timeout"},
	{OPT_DELACK_MAX_US, "TCP_DELACK_MAX_US", OPT_INT, AT(delack_max_us), RTO_MIN_US_LOW,
	 RTO_MIN_US_HIGH, NULL, get_delack_max, "int", "the longest delay of an acknowledgment"},
	{OPT_MD5SIG, "TCP_MD5SIG", OPT_WITHOUT("struct tcp_md5sig"),
	 "as a kernel that is built without it"},
	{OPT_MD5SIG_EXT, "TCP_MD5SIG_EXT", OPT_WITHOUT("struct tcp_md5sig"), "the same"},
	{OPT_ZEROCOPY_RECEIVE, "TCP_ZEROCOPY_RECEIVE", OPT_WITHOUT("struct tcp_zerocopy_receive"),
	 "needs a mapping of the socket"},
	{OPT_AO_ADD_KEY, "TCP_AO_ADD_KEY", OPT_WITHOUT("struct tcp_ao_add"),
	 "as a kernel that is built without it"},
	{OPT_AO_DEL_KEY, "TCP_AO_DEL_KEY", OPT_WITHOUT("struct tcp_ao_del"), "the same"},
	{OPT_AO_INFO, "TCP_AO_INFO", OPT_WITHOUT("struct tcp_ao_info_opt"), "the same"},
	{OPT_AO_GET_KEYS, "TCP_AO_GET_KEYS", OPT_WITHOUT("struct tcp_ao_getsockopt"), "the same"},
	{OPT_AO_REPAIR, "TCP_AO_REPAIR", OPT_WITHOUT("struct tcp_ao_repair"), "the same"},
};

const struct opt_level tcp_options = {IPPROTO_TCP, "IPPROTO_TCP", OPT_SHORT_INVALID,
				      settings_of, rows,	  ARRAY_LEN(rows)};

void tcp_option_changed(struct sock *s, int level, int name)
{
	struct tcp *t = tcp_of(s);

	if (level != SOL_SOCKET)
		return;
	if (name == SO_KEEPALIVE) {
		if (t->state != TCP_LISTEN)
			tcp_slow_update(t);
	} else if (name == SO_SNDBUF) {
		if (t->state != TCP_LISTEN)
			sock_notify(s, POLLOUT);
	} else if (name == SO_RCVLOWAT) {
		/* Linux: the buffer must be able to hold as much. */
		uint64_t need = (uint64_t)s->opt->rcvlowat * 2;

		if (!s->opt->rcvbuf_locked && need > s->rcvbuf)
			s->rcvbuf = need < t->ts->env->limits.tcp_rmem_max
					    ? (uint32_t)need
					    : t->ts->env->limits.tcp_rmem_max;
		if (t->state != TCP_LISTEN && tcp_readable(t))
			sock_notify(s, POLLIN);
	}
}
