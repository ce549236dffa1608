/* SPDX-License-Identifier: MIT */
/* Rows of a list in opt_walk_test.c: kind of socket, option, why berth answers otherwise. */
{"tcp4", "SO_RCVLOWAT", "the machine's tcp_rmem is larger than a host's"},
	{"tcp6", "SO_RCVLOWAT", "the machine's tcp_rmem is larger than a host's"},
	{"udp6", "IPV6_MULTICAST_IF", "the namespace has no second interface"},
	{"raw6", "IPV6_MULTICAST_IF", "the namespace has no second interface"},
	{"ping6", "IPV6_MULTICAST_IF", "the namespace has no second interface"},
	{NULL, "TCP_REPAIR", "not to be had"},
	{NULL, "TCP_CC_INFO", "the machine's congestion control has some"},
	{NULL, "TCP_RTO_MIN_US", "the machine counts in steps of its clock"},
	{NULL, "TCP_DELACK_MAX_US", "the machine counts in steps of its clock"},
	{NULL, "UDP_ENCAP", "2 is IPsec's tunnel, which berth does not have"},
	{NULL, "SO_ATTACH_BPF", "the numbers are no descriptors there"},
	{NULL, "SO_ATTACH_REUSEPORT_EBPF", "the numbers are no descriptors there"},
