/* SPDX-License-Identifier: MIT */
/*
 * netdevice(7) and arp(7) on a host with lo and eth0: what is told, and what an administrator
 * changes.
 */
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "../stack/pair.h"

static struct pair pr;
static int fd;

static int setup(void **state)
{
	(void)state;
	pair_init(&pr, 0);
	fd = berth_socket(pr.host[0], AF_INET, SOCK_DGRAM, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_fini(&pr);
	return 0;
}

static int ask(unsigned long request, const char *name, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	strncpy(ifr->ifr_name, name, IFNAMSIZ - 1);
	return berth_ioctl(pr.host[0], fd, request, ifr);
}

static in_addr_t in_of(const struct sockaddr *sa)
{
	struct sockaddr_in in;

	memcpy(&in, sa, sizeof(in));
	assert_int_equal(in.sin_family, AF_INET);
	return in.sin_addr.s_addr;
}

static void interfaces(void **state)
{
	struct ifreq ifr;
	int other = berth_socket(pr.host[0], AF_INET6, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(ask(SIOCGIFADDR, "eth0", &ifr), 0);
	assert_int_equal(in_of(&ifr.ifr_addr), inet_addr("10.0.0.1"));
	assert_int_equal(ask(SIOCGIFNETMASK, "eth0", &ifr), 0);
	assert_int_equal(in_of(&ifr.ifr_netmask), inet_addr("255.255.255.0"));
	assert_int_equal(ask(SIOCGIFBRDADDR, "eth0", &ifr), 0);
	assert_int_equal(in_of(&ifr.ifr_broadaddr), inet_addr("10.0.0.255"));
	assert_int_equal(ask(SIOCGIFMTU, "eth0", &ifr), 0);
	assert_int_equal(ifr.ifr_mtu, 1500);
	assert_int_equal(ask(SIOCGIFINDEX, "eth0", &ifr), 0);
	assert_int_equal(ifr.ifr_ifindex, 2);
	assert_int_equal(ask(SIOCGIFHWADDR, "eth0", &ifr), 0);
	assert_int_equal(ifr.ifr_hwaddr.sa_family, ARPHRD_ETHER);
	assert_int_equal(ifr.ifr_hwaddr.sa_data[0] & 3, 2); /* local, no group */
	assert_int_equal(ask(SIOCGIFFLAGS, "eth0", &ifr), 0);
	assert_int_equal(ifr.ifr_flags & (IFF_UP | IFF_RUNNING | IFF_LOOPBACK),
			 IFF_UP | IFF_RUNNING);
	assert_int_equal(ask(SIOCGIFFLAGS, "lo", &ifr), 0);
	assert_int_equal(ifr.ifr_flags & (IFF_UP | IFF_RUNNING | IFF_LOOPBACK),
			 IFF_UP | IFF_RUNNING | IFF_LOOPBACK);
	assert_int_equal(ask(SIOCGIFADDR, "lo", &ifr), 0);
	assert_int_equal(in_of(&ifr.ifr_addr), htonl(INADDR_LOOPBACK));
	assert_int_equal(ask(SIOCGIFADDR, "eth1", &ifr), -ENODEV);
	/* Linux: IPv4 alone knows addresses. */
	memset(&ifr, 0, sizeof(ifr));
	strncpy(ifr.ifr_name, "lo", IFNAMSIZ - 1);
	assert_int_equal(berth_ioctl(pr.host[0], other, SIOCGIFADDR, &ifr), -ENOTTY);
	assert_int_equal(berth_ioctl(pr.host[0], other, SIOCGIFINDEX, &ifr), 0);
	assert_int_equal(berth_close(pr.host[0], other), 0);
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGIFADDR, NULL), -EFAULT);
	memset(&ifr, 0, sizeof(ifr));
	ifr.ifr_ifindex = 2;
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGIFNAME, &ifr), 0);
	assert_string_equal(ifr.ifr_name, "eth0");
	ifr.ifr_ifindex = 9;
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGIFNAME, &ifr), -ENODEV);
}

static void list(void **state)
{
	struct ifreq room[8];
	struct ifconf conf = {.ifc_len = sizeof(room), .ifc_req = room};

	(void)state;
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGIFCONF, &conf), 0);
	assert_int_equal(conf.ifc_len, 2 * sizeof(struct ifreq));
	assert_string_equal(room[0].ifr_name, "lo");
	assert_string_equal(room[1].ifr_name, "eth0");
	assert_int_equal(in_of(&room[1].ifr_addr), inet_addr("10.0.0.1"));
	conf.ifc_len = sizeof(struct ifreq) + 5;
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGIFCONF, &conf), 0);
	assert_int_equal(conf.ifc_len, sizeof(struct ifreq));
	conf.ifc_len = 0;
	conf.ifc_req = NULL;
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGIFCONF, &conf), 0);
	assert_int_equal(conf.ifc_len, 2 * sizeof(struct ifreq));
}

static void stamps(void **state)
{
	struct sockaddr_in at = in_addr_of("127.0.0.1", 99);
	struct timeval tv;
	struct timespec ts;
	char buf[4];
	int value;

	(void)state;
	assert_int_equal(berth_bind(pr.host[0], fd, SA(at), sizeof(at)), 0);
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGSTAMP_OLD, &tv), -ENOENT);
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCINQ, &value), 0);
	assert_int_equal(value, 0);
	pair_run(&pr, 1500 * BERTH_MSEC);
	assert_int_equal(berth_sendto(pr.host[0], fd, "abc", 3, 0, SA(at), sizeof(at)), 3);
	pair_run(&pr, BERTH_SEC);
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCINQ, &value), 0);
	assert_int_equal(value, 3);
	assert_int_equal(berth_recv(pr.host[0], fd, buf, 4, 0), 3);
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGSTAMP_OLD, &tv), 0);
	assert_int_equal(tv.tv_sec, 2);
	assert_int_equal(tv.tv_usec, 500000);
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGSTAMPNS_OLD, &ts), 0);
	assert_int_equal(ts.tv_nsec, 500000000);
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCOUTQ, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(berth_ioctl(pr.host[0], fd, FIONBIO, &value), 0);
	assert_int_equal(berth_ioctl(pr.host[0], fd, 0x12345, &value), -ENOTTY);
	assert_int_equal(berth_ioctl(pr.host[0], 99, SIOCINQ, &value), -EBADF);
}

static int set_in(unsigned long request, const char *addr)
{
	struct sockaddr_in in = in_addr_of(addr, 0);
	struct ifreq ifr = {.ifr_name = "eth0"};

	memcpy(&ifr.ifr_addr, &in, sizeof(in));
	return berth_ioctl(pr.host[0], fd, request, &ifr);
}

/* What ifconfig(8) does; system tests compare more of it with the kernel. */
static void changes(void **state)
{
	struct ifreq ifr = {.ifr_name = "eth0"};

	(void)state;
	assert_int_equal(set_in(SIOCSIFADDR, "10.5.0.1"), 0);
	assert_int_equal(ask(SIOCGIFNETMASK, "eth0", &ifr), 0);
	assert_int_equal(in_of(&ifr.ifr_netmask), inet_addr("255.0.0.0"));
	assert_int_equal(set_in(SIOCSIFNETMASK, "255.255.0.0"), 0);
	assert_int_equal(set_in(SIOCSIFNETMASK, "255.0.255.0"), -EINVAL);
	assert_int_equal(ask(SIOCGIFBRDADDR, "eth0", &ifr), 0);
	assert_int_equal(in_of(&ifr.ifr_broadaddr), inet_addr("10.5.255.255"));
	assert_int_equal(set_in(SIOCSIFBRDADDR, "10.5.255.255"), 0);
	assert_int_equal(set_in(SIOCSIFADDR, "224.0.0.1"), -EINVAL);
	assert_int_equal(set_in(SIOCSIFADDR, "0.0.0.0"), 0);
	assert_int_equal(ask(SIOCGIFADDR, "eth0", &ifr), -EADDRNOTAVAIL);
	assert_int_equal(ask(SIOCGIFFLAGS, "eth0", &ifr), 0);
	ifr.ifr_flags &= ~IFF_UP;
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCSIFFLAGS, &ifr), 0);
	assert_int_equal(ask(SIOCGIFFLAGS, "eth0", &ifr), 0);
	assert_int_equal(ifr.ifr_flags & (IFF_UP | IFF_RUNNING), 0);
	ifr.ifr_mtu = 1400;
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCSIFMTU, &ifr), 0);
	ifr.ifr_mtu = 10;
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCSIFMTU, &ifr), -EINVAL);
}

static void neighbours_by_hand(void **state)
{
	struct sockaddr_in in = in_addr_of("10.0.0.9", 0);
	struct arpreq r = {.arp_flags = ATF_PERM, .arp_ha = {.sa_family = ARPHRD_ETHER}};

	(void)state;
	memcpy(&r.arp_pa, &in, sizeof(in));
	r.arp_ha.sa_data[0] = 2;
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGARP, &r), -ENXIO);
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCSARP, &r), 0);
	r.arp_flags = 0;
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCGARP, &r), 0);
	assert_int_equal(r.arp_flags, ATF_PERM | ATF_COM);
	assert_int_equal(r.arp_ha.sa_data[0], 2);
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCDARP, &r), 0);
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCDARP, &r), -ENXIO);
	strcpy(r.arp_dev, "nope");
	assert_int_equal(berth_ioctl(pr.host[0], fd, SIOCSARP, &r), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(interfaces, setup, teardown),
		cmocka_unit_test_setup_teardown(list, setup, teardown),
		cmocka_unit_test_setup_teardown(stamps, setup, teardown),
		cmocka_unit_test_setup_teardown(changes, setup, teardown),
		cmocka_unit_test_setup_teardown(neighbours_by_hand, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
