/* SPDX-License-Identifier: MIT */
/*
 * Generic netlink of a kernel without any of the families that modules bring: programs that look
 * for "nl80211" or "ethtool" are told that there is none, and go on without (ENOENT).
 */
#include "netlink/genl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#include "netlink/nlsock.h"

#define ROOM 512u

static bool put_controller(struct nl_writer *w, const struct nlmsghdr *h)
{
	const struct genlmsghdr body = {.cmd = CTRL_CMD_NEWFAMILY, .version = 2};
	size_t all;
	size_t one;

	nlw_begin(w, h, &body, sizeof(body));
	nlw_put_string(w, CTRL_ATTR_FAMILY_NAME, "nlctrl");
	nlw_put_u16(w, CTRL_ATTR_FAMILY_ID, GENL_ID_CTRL);
	nlw_put_u32(w, CTRL_ATTR_VERSION, 2);
	nlw_put_u32(w, CTRL_ATTR_HDRSIZE, 0);
	nlw_put_u32(w, CTRL_ATTR_MAXATTR, CTRL_ATTR_MAX);
	all = nlw_nest(w, CTRL_ATTR_OPS);
	one = nlw_nest(w, 1);
	nlw_put_u32(w, CTRL_ATTR_OP_ID, CTRL_CMD_GETFAMILY);
	nlw_put_u32(w, CTRL_ATTR_OP_FLAGS, GENL_CMD_CAP_DO | GENL_CMD_CAP_DUMP);
	nlw_nest_end(w, one);
	nlw_nest_end(w, all);
	return nlw_end(w);
}

static int dump_families(struct nl_dump *d, struct nl_writer *w)
{
	struct nlmsghdr h = nl_dump_header(d, GENL_ID_CTRL);

	(void)put_controller(w, &h); /* the first message of a piece fits */
	return 0;
}

static int get_family(struct nl_request *rq)
{
	struct nl_attr at[CTRL_ATTR_MAX + 1];
	struct nl_answer answer;
	struct nlmsghdr h;
	char name[GENL_NAMSIZ];
	uint16_t id = 0;
	int error;

	if (!nl_attrs_read(rq->body + GENL_HDRLEN, rq->bytes - GENL_HDRLEN, at, CTRL_ATTR_MAX + 1))
		return -EINVAL;
	if (at[CTRL_ATTR_FAMILY_ID].data && at[CTRL_ATTR_FAMILY_ID].bytes >= sizeof(id))
		memcpy(&id, at[CTRL_ATTR_FAMILY_ID].data, sizeof(id));
	else if (!at[CTRL_ATTR_FAMILY_NAME].data)
		return -EINVAL;
	if (id != GENL_ID_CTRL &&
	    (!nl_attr_string(&at[CTRL_ATTR_FAMILY_NAME], name, sizeof(name)) ||
	     strcmp(name, "nlctrl") != 0))
		return -ENOENT;
	error = nl_answer(rq, ROOM, GENL_ID_CTRL, &h, &answer);
	if (error < 0)
		return error;
	(void)put_controller(&answer.w, &h); /* it fits */
	return nl_answer_send(&answer);
}

int genl_request(struct nl_request *rq)
{
	struct nl_dump *d;

	if (rq->h.nlmsg_type != GENL_ID_CTRL)
		return -ENOENT;
	if (rq->bytes < GENL_HDRLEN)
		return -EINVAL;
	if (rq->body[0] != CTRL_CMD_GETFAMILY)
		return -EOPNOTSUPP;
	if (rq->h.nlmsg_flags & NLM_F_DUMP)
		return nl_dump_start(rq, dump_families, ROOM, &d);
	return get_family(rq);
}
