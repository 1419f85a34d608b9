// responder NAME NETWORK NODE: answers the solicitations of a TAP interface until SIGTERM.
#include "../native/respond.h"
#include "fail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LARGEST_FRAME = 65536 };

static void end(int signal)
{
    (void)signal;
    _exit(0); // the TAP goes with its last descriptor
}

static int open_tap(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    if (strlen(name) >= sizeof request.ifr_name) {
        errno = ENAMETOOLONG;
        fail(name);
    }
    strcpy(request.ifr_name, name);
    int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap < 0) fail("/dev/net/tun");
    if (ioctl(tap, TUNSETIFF, &request) < 0) fail(name);
    return tap;
}

static void wait_for_frame(int tap)
{
    struct pollfd wanted = {.fd = tap, .events = POLLIN};
    if (poll(&wanted, 1, -1) < 0 && errno != EINTR) fail("poll");
}

static void answer(int tap, const struct responder *responder)
{
    // The IPv6 header of a frame two bytes off lies on a multiple of four.
    static _Alignas(16) uint8_t memory[2 + LARGEST_FRAME];
    uint8_t *frame = memory + 2;
    for (;;) {
        ssize_t received = read(tap, frame, LARGEST_FRAME);
        if (received < 0) {
            if (errno == EAGAIN) wait_for_frame(tap);
            else if (errno != EINTR && errno != EIO) fail("read"); // EIO: the interface is down
            continue;
        }
        int length = respond(responder, frame, (size_t)received);
        // A reply that the kernel does not take is lost, as on a wire.
        if (length > 0 && write(tap, frame, (size_t)length) < 0 && errno != EAGAIN && errno != EIO)
            fail("write");
    }
}

int main(int count, char **words)
{
    struct responder responder;
    if (count != 4 || !responder_parse(&responder, words[2], words[3])) {
        fprintf(stderr, "usage: responder NAME NETWORK NODE, with 16 and 10 hex digits\n");
        return 2;
    }
    int tap = open_tap(words[1]);
    signal(SIGTERM, end);
    puts("ready");
    fflush(stdout);
    answer(tap, &responder);
}
