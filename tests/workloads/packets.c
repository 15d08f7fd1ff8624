// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packets udp|udp6 PORT SIZE,... COUNT: sends COUNT datagrams of each SIZE from a port to itself over the loopback
 *	device and says how many came.
 * packets udp46 PORT SIZE,... COUNT: as udp, then as udp6.
 * packets namespace PORT SIZE,... COUNT: as udp, in a network namespace of its own.
 * packets tcp PORT SIZE: connects over the loopback device, sends SIZE bytes and closes.
 * packets arp: a frame with an ARP request for 192.0.2.1 comes in by a tap device of that address.
 * packets bridge: a frame with a spanning tree's message comes in by a tap device that is a port of a bridge.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 300

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "packets: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int checked(int result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}

static void request(struct ifreq *ifr, const char *device)
{
	memset(ifr, 0, sizeof(*ifr));
	strncpy(ifr->ifr_name, device, IFNAMSIZ - 1);
}

static void bring_up(const char *device)
{
	struct ifreq ifr;
	int fd = checked(socket(AF_INET, SOCK_DGRAM, 0), "socket");

	request(&ifr, device);
	checked(ioctl(fd, SIOCGIFFLAGS, &ifr), "SIOCGIFFLAGS");
	ifr.ifr_flags |= IFF_UP | IFF_RUNNING;
	checked(ioctl(fd, SIOCSIFFLAGS, &ifr), "SIOCSIFFLAGS");
	close(fd);
}

static socklen_t loopback(struct sockaddr_storage *address, int family, int port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	address->ss_family = family;
	if (family == AF_INET6) {
		six->sin6_port = htons(port);
		six->sin6_addr = in6addr_loopback;
		return sizeof(*six);
	}
	four->sin_port = htons(port);
	four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*four);
}

static void datagrams(int family, int port, const char *sizes, int count)
{
	struct sockaddr_storage address;
	socklen_t len = loopback(&address, family, port);
	int fd = checked(socket(family, SOCK_DGRAM, 0), "socket");
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	static char bytes[65536];
	char *end;

	bring_up("lo");
	checked(bind(fd, (struct sockaddr *)&address, len), "bind");
	memset(bytes, 'x', sizeof(bytes));
	for (; *sizes; sizes = *end ? end + 1 : end) {
		int size = strtol(sizes, &end, 10);
		int came = 0;
		int i;

		for (i = 0; i < count; i++) {
			/* A hook that drops the packet makes it EPERM. */
			if (sendto(fd, bytes, size, 0, (struct sockaddr *)&address, len) < 0 && errno != EPERM)
				fail("sendto");
			if (poll(&poller, 1, PATIENCE_MS) > 0 && recv(fd, bytes, sizeof(bytes), 0) == size)
				came++;
		}
		printf("received %d of %d\n", came, count);
	}
}

static void stream(int port, int size)
{
	struct sockaddr_storage address;
	socklen_t len = loopback(&address, AF_INET, port);
	int listener = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
	int client = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
	char *bytes = calloc(1, size);
	int server;
	int one = 1;

	bring_up("lo");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	checked(bind(listener, (struct sockaddr *)&address, len), "bind");
	checked(listen(listener, 1), "listen");
	checked(connect(client, (struct sockaddr *)&address, len), "connect");
	server = checked(accept(listener, NULL, NULL), "accept");
	checked(write(client, bytes, size), "write");
	checked(recv(server, bytes, size, MSG_WAITALL), "recv");
	close(client);
	recv(server, bytes, size, 0);
	close(server);
}

static int tap(void)
{
	struct ifreq ifr;
	int fd;

	if (system("modprobe tun"))
		fail("modprobe tun");
	fd = checked(open("/dev/net/tun", O_RDWR), "/dev/net/tun");

	request(&ifr, "tap0");
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI;
	checked(ioctl(fd, TUNSETIFF, &ifr), "TUNSETIFF");
	return fd;
}

static void arp(void)
{
	static const unsigned char frame[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0x07, 0x08, 0x06,
		0, 1, 0x08, 0, 6, 4, 0, 1,
		0x02, 0, 0, 0, 0, 0x07, 192, 0, 2, 7,
		0, 0, 0, 0, 0, 0, 192, 0, 2, 1,
	};
	int fd = tap();
	int control = checked(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	struct sockaddr_in *address;
	struct ifreq ifr;

	request(&ifr, "tap0");
	address = (struct sockaddr_in *)&ifr.ifr_addr;
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = inet_addr("192.0.2.1");
	checked(ioctl(control, SIOCSIFADDR, &ifr), "SIOCSIFADDR");
	bring_up("tap0");
	checked(write(fd, frame, sizeof(frame)), "write");
}

static void bridge(void)
{
	static const unsigned char frame[] = {
		0x01, 0x80, 0xc2, 0, 0, 0, 0x02, 0, 0, 0, 0, 0x07, 0, 38, 0x42, 0x42, 0x03,
		0, 0, 0, 0, 0x01,
		0x80, 0, 0x02, 0, 0, 0, 0, 0x09, 0, 0, 0, 4, 0x80, 1, 0x02, 0, 0, 0, 0, 0x0a,
		0x80, 2, 1, 0, 20, 0, 2, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	int fd = tap();
	int control = checked(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	struct ifreq ifr;

	if (system("modprobe bridge"))
		fail("modprobe bridge");
	checked(ioctl(control, SIOCBRADDBR, "br0"), "SIOCBRADDBR");
	request(&ifr, "br0");
	ifr.ifr_ifindex = if_nametoindex("tap0");
	checked(ioctl(control, SIOCBRADDIF, &ifr), "SIOCBRADDIF");
	bring_up("br0");
	bring_up("tap0");
	checked(write(fd, frame, sizeof(frame)), "write");
	close(fd);
	request(&ifr, "br0");
	checked(ioctl(control, SIOCGIFFLAGS, &ifr), "SIOCGIFFLAGS");
	ifr.ifr_flags &= ~IFF_UP;
	checked(ioctl(control, SIOCSIFFLAGS, &ifr), "SIOCSIFFLAGS");
	checked(ioctl(control, SIOCBRDELBR, "br0"), "SIOCBRDELBR");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int port = argc > 2 ? atoi(argv[2]) : 0;
	const char *size = argc > 3 ? argv[3] : "";
	int count = argc > 4 ? atoi(argv[4]) : 0;

	if (!strcmp(what, "udp") || !strcmp(what, "udp6")) {
		datagrams(strcmp(what, "udp") ? AF_INET6 : AF_INET, port, size, count);
	} else if (!strcmp(what, "udp46")) {
		datagrams(AF_INET, port, size, count);
		datagrams(AF_INET6, port, size, count);
	} else if (!strcmp(what, "namespace")) {
		checked(unshare(CLONE_NEWNET), "unshare");
		datagrams(AF_INET, port, size, count);
	} else if (!strcmp(what, "tcp")) {
		stream(port, atoi(size));
	} else if (!strcmp(what, "arp")) {
		arp();
	} else if (!strcmp(what, "bridge")) {
		bridge();
	} else {
		fprintf(stderr, "packets: unknown '%s'\n", what);
		return 2;
	}
	return 0;
}
