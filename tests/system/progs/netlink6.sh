#!/bin/sh
# SPDX-License-Identifier: MIT
# What ip(8) says and does about IPv6 on a host with eth0; test_netlink.py runs it on the kernel and
# on berth and compares.
exec 2>&1
try() { echo "\$ $*"; "$@" || echo "exit $?"; }
ip -6 addr flush dev eth0
try ip -6 addr add fd09::1/64 dev eth0 nodad
try ip -6 addr add fd09::1/64 dev eth0 nodad
try ip -6 addr show dev eth0
try ip -6 addr show dev lo
try ip -6 route show
try ip -6 route show table local
try ip -6 route add fd20::/64 via fd09::2
try ip -6 route add fd20::/64 via fd09::3
try ip -6 route replace fd20::/64 via fd09::3
try ip -6 route add fd21::/64 via fd99::3
try ip -6 route add fd22::/64 dev eth0 metric 50
try ip -6 route add default via fd09::2
try ip -6 route add blackhole fd30::/64
try ip -6 route add unreachable fd31::/64
try ip -6 route show
try ip route get fd20::5
try ip route get fd09::7
try ip route get fd09::1
try ip route get ::1
try ip route get 2001:db8::1
try ip route get fd30::1
try ip route get fd31::1
try ip -6 route del fd22::/64
try ip -6 route del fd22::/64
try ip -6 route del default
try ip -6 neigh add fd09::9 lladdr 02:00:00:00:00:09 dev eth0
try ip -6 neigh show fd09::9
try ip -6 neigh del fd09::9 dev eth0
try ip -6 addr add fd0a::1/64 dev eth0 preferred_lft 100 valid_lft 200 nodad
try ip -6 addr show dev eth0 to fd0a::/16
try ip -6 addr change fd0a::1/64 dev eth0 preferred_lft 0 valid_lft 300
try ip -6 addr show dev eth0 to fd0a::/16
try ip -6 addr del fd0a::2/64 dev eth0
try ip -6 addr add fd0b::1/64 dev eth0
sleep 2.5
try ip -6 addr show dev eth0 to fd0b::/16
try ip -6 route show fd0b::/16
# A subnet's route lasts as long as the last of its addresses.
lasting() { ip -6 route show fd0c::/16 | sed 's/expires [0-9]*sec/expires/'; }
try ip -6 addr add fd0c::1/64 dev eth0 preferred_lft 100 valid_lft 200 nodad
try lasting
try ip -6 addr add fd0c::2/64 dev eth0 nodad
try lasting
try ip -6 addr del fd0c::2/64 dev eth0
try lasting
try ip -6 addr change fd0c::1/64 dev eth0 preferred_lft forever valid_lft forever
try lasting
try ip -6 addr del fd0c::1/64 dev eth0
try lasting
try ip -6 addr add ff02::5/64 dev eth0
try ip -6 addr add ::/64 dev eth0
try ip -6 addr add ::1/64 dev eth0
