/* SPDX-License-Identifier: MIT */
/*
 * The machine of classic packet filters (McCanne and Jacobson 1993), with what Linux added to it:
 * negative offsets that lead to headers (SKF_NET_OFF, SKF_LL_OFF) or to facts about the packet
 * (SKF_AD_OFF).
 *
 * A program is checked before it is kept, by Linux's rules: known codes, jumps forward and inside,
 * the last instruction returns, constants that cannot divide by zero or shift too far, and no word
 * of the scratch memory is read before it was written on every way there. So running it needs no
 * checks but those of the packet's bounds: it ends after as many steps as it has instructions. A
 * load beyond the packet and a division by zero end it with 0, as there.
 *
 * Ownership: counted; sockets that share their options share their filter.
 *
 * Left out: netlink attributes (SKF_AD_NLATTR), payload offset, VLAN tags and hashes of the
 * interface, which are 0. eBPF.
 */
#include "transport/bpf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/env.h"
#include "link/links.h"
#include "net/net.h"
#include "pkt/packet.h"
#include "transport/demux.h"

#define SHIFT_MAX 31u

struct bpf {
	uint32_t refs;
	uint32_t count;
	struct sock_filter code[];
};

/* --- the check --- */

static bool code_known(uint16_t code)
{
	switch (code) {
	case BPF_ALU | BPF_ADD | BPF_K:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_MOD | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_B | BPF_MSH:
	case BPF_LDX | BPF_IMM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return true;
	default:
		return false;
	}
}

/* SKF_AD_*: in steps of four, up to the last that Linux has. */
static bool is_fact(uint32_t k)
{
	uint32_t fact = k - (uint32_t)SKF_AD_OFF;

	return k >= (uint32_t)SKF_AD_OFF && fact < SKF_AD_MAX && fact % 4 == 0;
}

/* One instruction by itself, `left` of them after it. */
static bool insn_valid(const struct sock_filter *f, uint32_t left)
{
	if (!code_known(f->code))
		return false;
	switch (f->code) {
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
		return f->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return f->k <= SHIFT_MAX;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return f->k < BPF_MEMWORDS;
	case BPF_JMP | BPF_JA:
		return f->k < left;
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
		return f->k < (uint32_t)SKF_AD_OFF || is_fact(f->k);
	default:
		return BPF_CLASS(f->code) != BPF_JMP || (f->jt < left && f->jf < left);
	}
}

/* Whether each word of the scratch memory is written before it is read, whichever way is taken:
 * `known` has, for each instruction, the words that are written on all ways to it. */
static bool memory_valid(const struct sock_filter *code, uint32_t count, uint16_t *known)
{
	uint16_t written = 0;

	memset(known, 0xff, count * sizeof(*known));
	for (uint32_t i = 0; i < count; i++) {
		const struct sock_filter *f = &code[i];

		written &= known[i];
		switch (f->code) {
		case BPF_ST:
		case BPF_STX:
			written |= (uint16_t)(1u << f->k);
			break;
		case BPF_LD | BPF_MEM:
		case BPF_LDX | BPF_MEM:
			if (!(written & 1u << f->k))
				return false;
			break;
		case BPF_JMP | BPF_JA:
			known[i + 1 + f->k] &= written;
			written = UINT16_MAX;
			break;
		default:
			if (BPF_CLASS(f->code) != BPF_JMP)
				break;
			known[i + 1 + f->jt] &= written;
			known[i + 1 + f->jf] &= written;
			written = UINT16_MAX;
		}
	}
	return true;
}

static int check(struct env *env, const struct sock_filter *code, uint32_t count)
{
	uint16_t *known;
	bool valid;

	if (count == 0 || count > BPF_MAXINSNS || BPF_CLASS(code[count - 1].code) != BPF_RET)
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++) {
		if (!insn_valid(&code[i], count - i - 1))
			return -EINVAL;
	}
	known = env_alloc(env, count * sizeof(*known));
	if (!known)
		return -ENOMEM;
	valid = memory_valid(code, count, known);
	env_free(env, known);
	return valid ? 0 : -EINVAL;
}

int bpf_new(struct env *env, const struct sock_filter *code, uint32_t count, struct bpf **out)
{
	int result = check(env, code, count);
	struct bpf *f;

	if (result < 0)
		return result;
	f = env_alloc(env, sizeof(*f) + count * sizeof(*code));
	if (!f)
		return -ENOMEM;
	f->refs = 1;
	f->count = count;
	memcpy(f->code, code, count * sizeof(*code));
	*out = f;
	return 0;
}

void bpf_get(struct bpf *f)
{
	ASSERT(f->refs > 0);
	f->refs++;
}

void bpf_put(struct env *env, struct bpf *f)
{
	if (f && --f->refs == 0)
		env_free(env, f);
}

const struct sock_filter *bpf_code(const struct bpf *f, uint32_t *out_count)
{
	*out_count = f->count;
	return f->code;
}

/* --- the machine --- */

struct machine {
	const struct bpf_packet *packet;
	uint32_t a, x;
	uint32_t mem[BPF_MEMWORDS];
	uint32_t bytes; /* of the packet, from data_at on */
};

/* `n` bytes at an offset from the packet's first byte; NULL: they are not there. `buf` is for those
 * that are not in one piece. */
static const uint8_t *bytes_at(const struct berth_packet *p, int64_t at, uint32_t n, uint8_t *buf)
{
	int64_t in_head = p->head_off + at;
	uint32_t before = at < 0 && -at < n ? (uint32_t)-at : 0;
	size_t from;

	if (in_head < 0)
		return NULL;
	if (at + n <= p->head_len)
		return p->head + in_head;
	/* In views, or from before the packet into them. */
	if (at < 0)
		memcpy(buf, p->head + in_head, before);
	from = at < 0 ? 0 : (size_t)at;
	return packet_copy_out(p, from, buf + before, n - before) == n - before ? buf : NULL;
}

/* SKF_AD_* */
static uint32_t fact_of(const struct machine *m, uint32_t fact)
{
	const struct bpf_packet *packet = m->packet;

	switch (fact) {
	case SKF_AD_PROTOCOL:
		return packet->protocol;
	case SKF_AD_PKTTYPE:
		return packet->pkttype;
	case SKF_AD_IFINDEX:
		return packet->ifindex;
	case SKF_AD_MARK:
		return packet->mark;
	case SKF_AD_HATYPE:
		return packet->hatype;
	case SKF_AD_RANDOM:
		return packet->random;
	case SKF_AD_ALU_XOR_X:
		return m->a ^ m->x;
	default:
		return 0;
	}
}

/* A word, half-word or byte; false: it is not there. */
static bool load(const struct machine *m, uint32_t k, uint32_t size, uint32_t *out)
{
	const struct bpf_packet *packet = m->packet;
	const uint8_t *at;
	uint8_t buf[4];
	int64_t offset;

	if (k < INT32_MAX)
		offset = (int64_t)packet->data_at + k;
	else if (k >= (uint32_t)SKF_NET_OFF)
		offset = packet->net_at + (int64_t)(k - (uint32_t)SKF_NET_OFF);
	else if (k >= (uint32_t)SKF_LL_OFF)
		offset = packet->link_at + (int64_t)(k - (uint32_t)SKF_LL_OFF);
	else
		return false;
	at = bytes_at(packet->p, offset, size, buf);
	if (!at)
		return false;
	*out = size == 4 ? load_be32(at) : size == 2 ? load_be16(at) : *at;
	return true;
}

static uint32_t size_of(uint16_t code)
{
	return BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

/* False: the program ends with 0. */
static bool do_load(struct machine *m, const struct sock_filter *f)
{
	uint32_t value;

	switch (BPF_MODE(f->code)) {
	case BPF_ABS:
		if (f->k >= (uint32_t)SKF_AD_OFF) {
			m->a = fact_of(m, f->k - (uint32_t)SKF_AD_OFF);
			return true;
		}
		return load(m, f->k, size_of(f->code), &m->a);
	case BPF_IND:
		return load(m, m->x + f->k, size_of(f->code), &m->a);
	case BPF_LEN:
		m->a = m->bytes;
		return true;
	case BPF_IMM:
		m->a = f->k;
		return true;
	default:
		value = m->mem[f->k];
		m->a = value;
		return true;
	}
}

static bool do_load_x(struct machine *m, const struct sock_filter *f)
{
	uint32_t byte;

	switch (BPF_MODE(f->code)) {
	case BPF_MSH: /* the length of an IPv4 header */
		if (!load(m, f->k, 1, &byte))
			return false;
		m->x = (byte & 0xf) << 2;
		return true;
	case BPF_LEN:
		m->x = m->bytes;
		return true;
	case BPF_IMM:
		m->x = f->k;
		return true;
	default:
		m->x = m->mem[f->k];
		return true;
	}
}

static bool do_alu(struct machine *m, const struct sock_filter *f)
{
	uint32_t by = BPF_SRC(f->code) == BPF_X ? m->x : f->k;

	switch (BPF_OP(f->code)) {
	case BPF_ADD:
		m->a += by;
		return true;
	case BPF_SUB:
		m->a -= by;
		return true;
	case BPF_MUL:
		m->a *= by;
		return true;
	case BPF_DIV:
		if (by)
			m->a /= by;
		return by != 0;
	case BPF_MOD:
		if (by)
			m->a %= by;
		return by != 0;
	case BPF_AND:
		m->a &= by;
		return true;
	case BPF_OR:
		m->a |= by;
		return true;
	case BPF_XOR:
		m->a ^= by;
		return true;
	case BPF_LSH:
		m->a <<= by & SHIFT_MAX;
		return true;
	case BPF_RSH:
		m->a >>= by & SHIFT_MAX;
		return true;
	default: /* BPF_NEG */
		m->a = -m->a;
		return true;
	}
}

/* How many instructions are jumped over. */
static uint32_t jump(const struct machine *m, const struct sock_filter *f)
{
	uint32_t with = BPF_SRC(f->code) == BPF_X ? m->x : f->k;
	bool yes;

	switch (BPF_OP(f->code)) {
	case BPF_JA:
		return f->k;
	case BPF_JEQ:
		yes = m->a == with;
		break;
	case BPF_JGT:
		yes = m->a > with;
		break;
	case BPF_JGE:
		yes = m->a >= with;
		break;
	default:
		yes = (m->a & with) != 0;
	}
	return yes ? f->jt : f->jf;
}

uint32_t bpf_run(const struct bpf *f, const struct bpf_packet *packet)
{
	struct machine m = {.packet = packet,
			    .bytes =
				    (uint32_t)((int64_t)packet_bytes(packet->p) - packet->data_at)};
	bool goes_on = true;

	for (uint32_t i = 0; goes_on; i++) {
		const struct sock_filter *insn = &f->code[i];

		ASSERT(i < f->count);
		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
			goes_on = do_load(&m, insn);
			break;
		case BPF_LDX:
			goes_on = do_load_x(&m, insn);
			break;
		case BPF_ST:
			m.mem[insn->k] = m.a;
			break;
		case BPF_STX:
			m.mem[insn->k] = m.x;
			break;
		case BPF_ALU:
			goes_on = do_alu(&m, insn);
			break;
		case BPF_JMP:
			i += jump(&m, insn);
			break;
		case BPF_RET:
			return BPF_RVAL(insn->code) == BPF_A ? m.a : insn->k;
		default: /* BPF_MISC */
			if (BPF_MISCOP(insn->code) == BPF_TAX)
				m.x = m.a;
			else
				m.a = m.x;
		}
	}
	return 0;
}

bool bpf_pass(const struct bpf *f, const struct bpf_packet *packet, struct berth_packet *p,
	      uint32_t least)
{
	uint32_t keep = bpf_run(f, packet);

	if (keep == 0)
		return false;
	if (keep < least)
		keep = least;
	if (keep < (int64_t)packet_bytes(p) - packet->data_at)
		packet_trim_to(p, (size_t)((int64_t)keep + packet->data_at));
	return true;
}

bool bpf_admits(const struct sock *s, struct berth_packet *p, const struct ip_info *info,
		int32_t data_at, uint32_t least)
{
	struct bpf_packet packet;
	const struct netif *n;
	bool loopback;

	if (!s->opt->filter)
		return true;
	n = links_get(net_links(s->tp->net), info->ifindex);
	loopback = n && n->kind == BERTH_NETIF_LOOPBACK;
	packet = (struct bpf_packet){.p = p,
				     .data_at = data_at,
				     .net_at = p->l3_off - p->head_off,
				     .link_at = p->l3_off - p->head_off - ETH_HLEN,
				     .protocol = ipaddr_is4(&info->src) ? ETH_P_IP : ETH_P_IPV6,
				     .hatype = loopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER,
				     .pkttype = info->broadcast	  ? PACKET_BROADCAST
						: info->multicast ? PACKET_MULTICAST
								  : PACKET_HOST,
				     .ifindex = info->ifindex,
				     .mark = p->mark,
				     .random = env_random_u32(s->tp->env)};
	return bpf_pass(s->opt->filter, &packet, p, least);
}
