/* SPDX-License-Identifier: MIT */
/*
 * capget(2) and capset(2). On its host a program may do what needs CAP_NET_ADMIN, CAP_NET_RAW or
 * CAP_NET_BIND_SERVICE, and some ask the kernel first and give up (dnsmasq). So a process that has
 * no capability is told that it has those three; nothing else of the machine becomes possible by
 * it. It can give them up and take them back as any process can with what it has: that is kept for
 * the process, not for each thread, and a child begins with all of them.
 *
 * A process that has real capabilities is left to the kernel.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "run/call.h"

#define BIT(cap) (1u << (cap)) /* all three are in the lower word */
#define OURS (BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_NET_BIND_SERVICE))

struct caps {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	size_t words;
};

/* Reads the header of a call, and what the kernel would answer about its process. False: the kernel
 * is to answer. */
static bool read_caps(const struct call *call, struct caps *out)
{
	struct __user_cap_header_struct here;

	if (!call->args[1] ||
	    task_read(call->task, call->args[0], &out->header, sizeof(out->header)) < 0)
		return false;
	if (out->header.version == _LINUX_CAPABILITY_VERSION_1)
		out->words = _LINUX_CAPABILITY_U32S_1;
	else if (out->header.version == _LINUX_CAPABILITY_VERSION_2 ||
		 out->header.version == _LINUX_CAPABILITY_VERSION_3)
		out->words = _LINUX_CAPABILITY_U32S_3;
	else
		return false;
	if (out->header.pid != 0 && out->header.pid != call->task->tid &&
	    out->header.pid != call->task->process->pid)
		return false;
	here = (struct __user_cap_header_struct){_LINUX_CAPABILITY_VERSION_3, call->task->tid};
	if (syscall(SYS_capget, &here, out->data) < 0)
		return false;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		if (out->data[i].permitted)
			return false;
	}
	return true;
}

static struct process_caps *caps_of(const struct call *call)
{
	struct process_caps *caps = &call->task->process->caps;

	if (!caps->known)
		*caps = (struct process_caps){.known = true, .permitted = OURS, .effective = OURS};
	return caps;
}

long call_capget(struct call *call)
{
	const struct process_caps *ours;
	struct caps caps;

	if (!read_caps(call, &caps))
		return CALL_CONTINUE;
	ours = caps_of(call);
	caps.data[0].permitted = ours->permitted;
	caps.data[0].effective = ours->effective;
	caps.data[0].inheritable |= ours->inheritable;
	if (!call_valid(call))
		return CALL_DONE;
	return task_write(call->task, call->args[1], caps.data, caps.words * sizeof(caps.data[0]));
}

/* capabilities(7): what is new must have been permitted. */
long call_capset(struct call *call)
{
	struct __user_cap_data_struct wanted[_LINUX_CAPABILITY_U32S_3] = {0};
	struct process_caps *ours;
	struct caps caps;

	if (!read_caps(call, &caps))
		return CALL_CONTINUE;
	if (task_read(call->task, call->args[1], wanted, caps.words * sizeof(wanted[0])) < 0)
		return -EFAULT;
	if (!call_valid(call))
		return CALL_DONE;
	ours = caps_of(call);
	if (wanted[1].permitted || wanted[1].effective || wanted[1].inheritable ||
	    wanted[0].permitted & ~ours->permitted || wanted[0].effective & ~wanted[0].permitted ||
	    wanted[0].inheritable & ~(ours->inheritable | ours->permitted))
		return -EPERM;
	ours->permitted = wanted[0].permitted;
	ours->effective = wanted[0].effective;
	ours->inheritable = wanted[0].inheritable;
	return 0;
}
