/* SPDX-License-Identifier: MIT */
#include "run/park.h"

#include <errno.h>
#include <stdlib.h>

static bool receives(const struct call *call)
{
	long (*h)(struct call *) = call->entry->handle;

	return h == call_accept || h == call_recvfrom || h == call_recvmsg || h == call_recvmmsg;
}

/* What a call returns whose time is over. */
static long late(const struct call *call)
{
	if (call->progress > 0)
		return call->progress;
	return call->entry->handle == call_connect ? -EINPROGRESS : -EAGAIN;
}

static void on_late(struct alarm *a)
{
	struct call *p = container_of(a, struct call, alarm);

	(void)call_reply(p, late(p)); /* interrupted at this moment: it knows nothing of it */
	park_drop(p);
}

/* SO_RCVTIMEO or SO_SNDTIMEO. */
static int set_alarm(struct call *p)
{
	const struct carrier *c = p->carrier;
	const struct timeval *tv = receives(p) ? &c->receive_timeout : &c->send_timeout;
	berth_time ns = (berth_time)tv->tv_sec * BERTH_SEC + (berth_time)tv->tv_usec * BERTH_USEC;

	p->alarm = (struct alarm){.fire = on_late};
	if (ns <= 0)
		return 0;
	return alarm_set(&p->run->alarms, &p->alarm, p->start + ns);
}

int park_add(const struct call *call)
{
	struct call *p = malloc(sizeof(*p));

	ASSERT(call->carrier);
	if (!p)
		return -ENOMEM;
	*p = *call;
	p->fd = -1;
	p->again = true;
	if (set_alarm(p) < 0) {
		free(p);
		return -ENOMEM;
	}
	list_add_tail(&p->carrier->parked, &p->link);
	p->task->parked = p;
	return 0;
}

/* The last call is gone that kept a carrier. */
static void let_go(struct carrier *c)
{
	if (c->abandoned && !c->closed && !c->retrying && list_empty(&c->parked))
		carrier_close(c);
}

void park_drop(struct call *p)
{
	struct carrier *c = p->carrier;

	alarm_cancel(&p->run->alarms, &p->alarm);
	list_del(&p->link);
	if (p->task->parked == p)
		p->task->parked = NULL;
	free(p);
	let_go(c);
}

bool park_waits(struct carrier *c)
{
	struct list *l;
	struct list *tmp;

	list_for_each_safe (l, tmp, &c->parked) {
		struct call *p = list_entry(l, struct call, link);

		if (!call_valid(p))
			park_drop(p);
	}
	return !list_empty(&c->parked);
}

void park_drop_all(struct carrier *c)
{
	while (!list_empty(&c->parked)) {
		struct call *p = list_first(&c->parked, struct call, link);

		(void)call_reply(p, -EBADF); /* closed under a waiting thread, if there is one */
		park_drop(p);
	}
}

void park_retry(struct carrier *c)
{
	struct list todo;
	long (*waits)(struct call *) = NULL;

	c->retrying = true;
	list_init(&todo);
	while (!list_empty(&c->parked)) {
		struct list *l = c->parked.next;

		list_del(l);
		list_add_tail(&todo, l);
	}
	while (!list_empty(&todo)) {
		struct call *p = list_first(&todo, struct call, link);
		long result = CALL_PARK;

		list_del(&p->link);
		if (c->closed) {
			park_drop(p);
			continue;
		}
		/* When one finds nothing, the others of its kind will not either. */
		if (p->entry->handle != waits)
			result = p->entry->handle(p);
		call_close(p);
		if (result == CALL_PARK && !c->closed) {
			waits = p->entry->handle;
			list_add_tail(&c->parked, &p->link);
			continue;
		}
		if (result == CALL_CONTINUE)
			call_continue(p); /* interrupted just now: nobody waits */
		else if (result != CALL_DONE && result != CALL_PARK)
			(void)call_reply(p, result); /* kept for when it comes again */
		park_drop(p);
	}
	c->retrying = false;
	let_go(c);
}
