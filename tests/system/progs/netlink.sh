#!/bin/sh
# SPDX-License-Identifier: MIT
# What ip(8), tc(8) and ss(8) say and do on a host with eth0 = 10.0.0.1/24; test_netlink.py runs it
# on the kernel and on berth and compares.
exec 2>&1
try() { echo "\$ $*"; "$@" || echo "exit $?"; }

try ip -4 addr show dev eth0
try ip -br link show dev lo
try ip -o link show dev eth0
try ip link show dev lo
try ip -4 route
try ip -4 route show table local dev eth0
try ip rule
try ip -6 rule
try tc qdisc show dev eth0
try ip route get 10.0.0.7
try ip route get 10.0.0.1
try ip route get 10.0.0.255
try ip route get 127.0.0.1
try ip route get 8.8.8.8
try ip route get 127.0.0.1 from 127.0.0.9
try ip neigh show 10.0.0.9

echo "--- addresses"
try ip addr add 10.7.0.1/24 brd + dev eth0
try ip addr add 10.7.0.1/24 brd + dev eth0
try ip addr add 10.7.0.2/24 brd + dev eth0
try ip addr add 10.8.0.1/33 dev eth0
try ip addr add 10.8.0.1/24 dev nope
try ip addr del 10.7.0.9/24 dev eth0
try ip -4 addr show dev eth0
try ip addr replace 10.7.0.2/24 brd + dev eth0
try ip addr del 10.7.0.2/24 dev eth0
try ip -4 route
try ip addr del 10.7.0.1/24 dev eth0

echo "--- routes"
try ip route add 10.20.0.0/16 via 10.0.0.254
try ip route add 10.20.0.0/16 via 10.0.0.253
try ip route replace 10.20.0.0/16 via 10.0.0.253
try ip route change 10.21.0.0/16 via 10.0.0.253
try ip route add 10.21.0.0/16 via 192.0.2.1
try ip route add 10.22.0.0/16 dev eth0 metric 50
try ip route add 10.22.0.0/16 dev eth0 metric 60 proto static
try ip route add default via 10.0.0.254 src 10.0.0.1
try ip route add 10.23.0.1/16 dev eth0
try ip route add 10.23.0.0/16 dev nope
try ip route add blackhole 10.30.0.0/16
try ip route add unreachable 10.31.0.0/16
try ip route add prohibit 10.32.0.0/16
try ip -4 route
try ip route show 10.22.0.0/16
try ip route show root 10.20.0.0/14
try ip route get 10.20.1.1
try ip route get 8.8.8.8
try ip route get fibmatch 8.8.8.8
try ip route get 10.30.0.1
try ip route get 10.31.0.1
try ip route get 10.32.0.1
try ip route del 10.22.0.0/16 metric 60
try ip route del 10.22.0.0/16 via 10.0.0.9
try ip route del 10.99.0.0/16
try ip route del blackhole 10.30.0.0/16
try ip route flush proto boot
try ip -4 route

echo "--- neighbours"
try ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0
try ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:0a dev eth0
try ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:0a dev eth0 nud stale
try ip neigh show 10.0.0.9
try ip neigh get 10.0.0.9 dev eth0
try ip neigh get 10.0.0.10 dev eth0
try ip neigh change 10.0.0.10 lladdr 02:00:00:00:00:0a dev eth0
try ip neigh del 10.0.0.9 dev eth0
try ip neigh del 10.0.0.9 dev eth0

echo "--- links"
try ip link set eth0 mtu 1400
try ip link set eth0 mtu 60
try ip -o link show dev eth0
try ip link set nope up
try ip route add 10.20.0.0/16 via 10.0.0.254
try ip link set eth0 down
try ip -4 route
try ip -o link show dev eth0
try ip link set eth0 up
sleep 0.3
try ip -4 route
try ip -o link show dev eth0
try ip link set eth0 mtu 1500
try ip link set lo master eth0

echo "--- monitor"
timeout 2 ip monitor address route >monitor.out 2>&1 &
sleep 0.5
ip addr add 10.7.0.1/24 brd + dev eth0
ip route add 10.20.0.0/16 via 10.0.0.254
ip route del 10.20.0.0/16
ip addr del 10.7.0.1/24 dev eth0
wait
sort monitor.out
