/* SPDX-License-Identifier: MIT */
#include <sys/syscall.h>

#include "run/call.h"

const struct call_entry call_table[] = {
	{SYS_socket, "socket", call_socket, TEXT_SOCKET, ONLY_FAMILIES},
	{SYS_bind, "bind", call_bind, TEXT_ADDRESS, ONLY_ALL},
	{SYS_listen, "listen", call_listen, TEXT_BACKLOG, ONLY_ALL},
	{SYS_connect, "connect", call_connect, TEXT_ADDRESS, ONLY_ALL},
#ifdef SYS_accept
	{SYS_accept, "accept", call_accept, TEXT_ADDRESS, ONLY_ALL},
#endif
	{SYS_accept4, "accept4", call_accept, TEXT_ADDRESS, ONLY_ALL},
	{SYS_shutdown, "shutdown", call_shutdown, TEXT_HOW, ONLY_ALL},
	{SYS_getsockname, "getsockname", call_getsockname, TEXT_ADDRESS, ONLY_ALL},
	{SYS_getpeername, "getpeername", call_getpeername, TEXT_ADDRESS, ONLY_ALL},
	{SYS_getsockopt, "getsockopt", call_getsockopt, TEXT_OPTION, ONLY_ALL},
	{SYS_setsockopt, "setsockopt", call_setsockopt, TEXT_OPTION, ONLY_ALL},
	{SYS_sendto, "sendto", call_sendto, TEXT_BYTES, ONLY_SEND},
	{SYS_recvfrom, "recvfrom", call_recvfrom, TEXT_BYTES, ONLY_RECEIVE},
	{SYS_sendmsg, "sendmsg", call_sendmsg, TEXT_FD, ONLY_ALL},
	{SYS_recvmsg, "recvmsg", call_recvmsg, TEXT_FD, ONLY_ALL},
	{SYS_sendmmsg, "sendmmsg", call_sendmmsg, TEXT_FD, ONLY_ALL},
	{SYS_recvmmsg, "recvmmsg", call_recvmmsg, TEXT_FD, ONLY_ALL},
	{SYS_ioctl, "ioctl", call_ioctl, TEXT_REQUEST, ONLY_SIOC},
	{SYS_capget, "capget", call_capget, TEXT_NOTHING, ONLY_ALL},
	{SYS_capset, "capset", call_capset, TEXT_NOTHING, ONLY_ALL},
	{SYS_uname, "uname", call_uname, TEXT_NOTHING, ONLY_ALL},
};

const size_t call_table_count = ARRAY_LEN(call_table);

const struct call_entry *call_find(int nr)
{
	for (size_t i = 0; i < call_table_count; i++)
		if (call_table[i].nr == nr)
			return &call_table[i];
	return NULL;
}
