/* SPDX-License-Identifier: MIT */
/* uname(2), which gethostname(3) is made of: on a host with a name, that one, not the machine's. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "run/call.h"

long call_uname(struct call *call)
{
	struct utsname name;

	if (!call->command->host_name[0] || uname(&name) < 0)
		return CALL_CONTINUE;
	memset(name.nodename, 0, sizeof(name.nodename));
	memcpy(name.nodename, call->command->host_name, strlen(call->command->host_name));
	if (!call_valid(call))
		return CALL_DONE;
	return task_write(call->task, call->args[0], &name, sizeof(name));
}
