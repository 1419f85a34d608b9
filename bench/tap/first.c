// first NAME NETWORK NODE: times the first datagram to a neighbour that the kernel does not know yet, from the call that sends
// it until it leaves by the interface. It does so for many neighbours, and prints the median in microseconds.
#include "../native/median.h"
#include "../native/respond.h"
#include "fail.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

// The kernel has room for 1,024 neighbours. The first ones do not count: a handler's runtime compiles it meanwhile.
enum { WARM_UP = 100, COUNTED = 200 };

// Sees all that leaves by the interface.
static int open_wire(const char *name)
{
    int wire = socket(AF_PACKET, SOCK_RAW, 0);
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = (int)if_nametoindex(name),
    };
    struct timeval patience = {.tv_sec = 2};
    if (wire < 0) fail("socket");
    if (address.sll_ifindex == 0) fail(name);
    if (bind(wire, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (setsockopt(wire, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) fail("setsockopt");
    return wire;
}

static void wait_for_datagram(int wire, const struct in6_addr *to)
{
    uint8_t frame[2048];
    for (;;) {
        ssize_t length = recv(wire, frame, sizeof frame, 0);
        if (length < 0) fail("a neighbour was not resolved");
        if (length > 54 && frame[20] == IPPROTO_UDP && memcmp(frame + 38, to, sizeof *to) == 0) return;
    }
}

// In microseconds.
static double resolve(int sender, int wire, const struct in6_addr *to)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = *to};
    double start = nanoseconds();
    if (sendto(sender, "", 1, 0, (struct sockaddr *)&address, sizeof address) < 0) fail("sendto");
    wait_for_datagram(wire, to);
    return (nanoseconds() - start) / 1e3;
}

int main(int count, char **words)
{
    static double times[COUNTED];
    struct responder host;
    if (count != 4 || !responder_parse(&host, words[2], words[3])) {
        fprintf(stderr, "usage: first NAME NETWORK NODE, with 16 and 10 hex digits\n");
        return 2;
    }
    int wire = open_wire(words[1]);
    int sender = socket(AF_INET6, SOCK_DGRAM, 0);
    if (sender < 0) fail("socket");
    for (int i = -WARM_UP; i < COUNTED; i++) {
        struct in6_addr to = {0}; // of owner 10 0000 0000 and on
        memcpy(to.s6_addr, host.sixplane, 5);
        memcpy(to.s6_addr + 5, (const uint8_t[]){0x10, 0, 0, (uint8_t)((i + WARM_UP) >> 8), (uint8_t)(i + WARM_UP)}, 5);
        to.s6_addr[15] = 1;
        double time = resolve(sender, wire, &to);
        if (i >= 0) times[i] = time;
    }
    printf("%.3f\n", median(times, COUNTED));
    return 0;
}
