#!/bin/sh
# SPDX-License-Identifier: MIT
# What ifconfig(8), route(8) and arp(8) do by ioctl on a host with eth0 = 10.0.0.1/24;
# test_netlink.py runs it on the kernel and on berth and compares.
exec 2>&1
try() { echo "\$ $*"; "$@" || echo "exit $?"; }
try ifconfig eth0 10.5.0.1
try ip -4 addr show dev eth0
try ifconfig eth0 10.5.0.1 netmask 255.255.0.0
try ip -4 addr show dev eth0
try ifconfig eth0 mtu 1400
try route add -net 10.6.0.0 netmask 255.255.0.0 gw 10.5.0.9
try route add -net 10.6.0.0 netmask 255.255.0.0 gw 10.5.0.9
try route add -host 10.7.0.1 dev eth0
try route add default gw 10.5.0.8 metric 5
try route add -host 10.7.0.1 dev nope
try route add default gw 192.0.2.1
try ip -4 route
try route del -net 10.6.0.0 netmask 255.255.0.0
try route del -net 10.6.0.0 netmask 255.255.0.0
try route del default
try arp -s 10.5.0.7 02:00:00:00:00:07
try ip neigh show 10.5.0.7
try arp -d 10.5.0.7
try ip neigh show 10.5.0.7
try arp -d 10.5.0.7
try ifconfig eth0 down
try ip -4 route
try ifconfig eth0 up
sleep 0.2
try ip -4 route
try ip -o link show dev eth0
try ifconfig eth0 0.0.0.0
try ip -4 addr show dev eth0
try ifconfig nope up
try ifconfig eth0 hw ether 02:00:00:00:00:55
try ip -o link show dev eth0
try ip link set eth0 down
