// load NAME NETWORK NODE SECONDS WINDOW: solicits the emulated addresses of many owners on an interface, as
// its host would, and counts the advertisements. With a WINDOW of 0 as fast as the interface takes them, else
// with that many at most to be answered. With "tc" the frames pass its programs, too. Prints one line of JSON.
#include "../native/respond.h"
#include "fail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OWNERS = 1024, BATCH = 64 };
// The ring in which frames arrive: of blocks that are a power of two of pages, of slots that hold an answer.
enum { BLOCKS = 16, BLOCK = 1 << 18, SLOT = 256, SLOTS = BLOCKS * (BLOCK / SLOT) };

// Before anything counts: for the handler to be compiled by its runtime, and for caches.
static const double WARM_UP = 2;
// After this long without any answer, those outstanding are taken as lost.
static const double PATIENCE = 0.02;

struct load {
    int socket;
    unsigned next;        // the question to send next
    unsigned outstanding; // questions without an answer so far
    uint8_t questions[OWNERS][ADVERTISEMENT];
    uint8_t answers[OWNERS][ADVERTISEMENT];
    struct mmsghdr out[OWNERS + BATCH]; // the first ones again behind the last, for batches across the end
    struct iovec out_place[OWNERS + BATCH];
    uint8_t *ring;
    unsigned slot; // where the next frame arrives
};

struct counts {
    uint64_t sent;
    uint64_t answered;
    uint64_t wrong;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void set_option(int socket, int level, int name, int value)
{
    if (setsockopt(socket, level, name, &value, sizeof value) < 0) fail("setsockopt");
}

// Frames past the programs of tc, or through them.
static int open_socket(const char *name, uint8_t mac[6], bool past)
{
    int opened = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (opened < 0) fail("socket");
    set_option(opened, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    set_option(opened, SOL_PACKET, PACKET_QDISC_BYPASS, past);
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_IPV6),
        .sll_ifindex = (int)if_nametoindex(name),
    };
    if (address.sll_ifindex == 0) fail(name);
    if (bind(opened, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    struct ifreq request = {0};
    if_indextoname((unsigned)address.sll_ifindex, request.ifr_name);
    if (ioctl(opened, SIOCGIFHWADDR, &request) < 0) fail(name);
    memcpy(mac, request.ifr_hwaddr.sa_data, 6);
    return opened;
}

// Frames arrive in memory that is shared with the kernel, each in a slot that says when it is there.
static uint8_t *open_ring(int socket)
{
    set_option(socket, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
    struct tpacket_req ring = {
        .tp_block_size = BLOCK,
        .tp_block_nr = BLOCKS,
        .tp_frame_size = SLOT,
        .tp_frame_nr = SLOTS,
    };
    if (setsockopt(socket, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) < 0) fail("PACKET_RX_RING");
    void *memory = mmap(NULL, BLOCKS * BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, socket, 0);
    if (memory == MAP_FAILED) fail("mmap");
    return memory;
}

// An address of owner 16 0000 0000 + i: 6PLANE of even ones, RFC 4193 of odd ones.
static void write_target(const struct responder *host, int i, uint8_t target[16])
{
    const uint8_t node[5] = {0x10, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};
    if (i % 2 == 0) {
        memcpy(target, host->sixplane, 5);
        memcpy(target + 5, node, 5);
        memcpy(target + 10, (const uint8_t[6]){[5] = 1}, 6);
    } else {
        memcpy(target, host->rfc4193, 11);
        memcpy(target + 11, node, 5);
    }
}

// The owner's number, where `write_target` wrote the address.
static unsigned owner_number(const uint8_t target[16])
{
    const uint8_t *low = target + (target[0] == 0xfc ? 8 : 14);
    return (unsigned)(low[0] << 8 | low[1]) % OWNERS;
}

// What a kernel asks (RFC 4861 §7.2.2), from a link-local address with an interface identifier of the MAC.
static void write_question(const struct responder *host, const uint8_t mac[6], int i, uint8_t *frame)
{
    memcpy(frame, (const uint8_t[]){0x33, 0x33, 0xff}, 3);
    memcpy(frame + 6, mac, 6);
    memcpy(frame + 12, (const uint8_t[]){0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255}, 10);
    memcpy(frame + 22, (const uint8_t[16]){0xfe, 0x80}, 16);
    memcpy(frame + 32, mac, 6);
    memcpy(frame + 38, (const uint8_t[16]){0xff, 0x02, [11] = 1, 0xff}, 16);
    memcpy(frame + 54, (const uint8_t[8]){135}, 8);
    write_target(host, i, frame + 62);
    memcpy(frame + 3, frame + 75, 3);
    memcpy(frame + 51, frame + 75, 3);
    memcpy(frame + 78, (const uint8_t[]){1, 1}, 2);
    memcpy(frame + 80, mac, 6);
    uint64_t pseudo_header = (uint64_t)htons(32) + htons(58);
    uint16_t checksum = (uint16_t)~ones_complement(frame + 22, 64, pseudo_header);
    memcpy(frame + 56, &checksum, 2);
}

static void prepare(struct load *load, const struct responder *host, const uint8_t mac[6])
{
    for (int i = 0; i < OWNERS; i++) {
        write_question(host, mac, i, load->questions[i]);
        memcpy(load->answers[i], load->questions[i], ADVERTISEMENT);
        if (respond(host, load->answers[i], ADVERTISEMENT) != ADVERTISEMENT) {
            fprintf(stderr, "load: the node must not be one of the owners asked for\n");
            exit(2);
        }
    }
    for (int i = 0; i < OWNERS + BATCH; i++) {
        load->out_place[i] = (struct iovec){load->questions[i % OWNERS], ADVERTISEMENT};
        load->out[i].msg_hdr = (struct msghdr){.msg_iov = &load->out_place[i], .msg_iovlen = 1};
    }
}

// Sends up to so many, and gives how many the interface took.
static unsigned send_some(struct load *load, unsigned most)
{
    int sent = sendmmsg(load->socket, load->out + load->next, most < BATCH ? most : BATCH, MSG_DONTWAIT);
    if (sent < 0) {
        if (errno != ENOBUFS && errno != EAGAIN) fail("sendmmsg");
        return 0;
    }
    load->next = (load->next + (unsigned)sent) % OWNERS;
    return (unsigned)sent;
}

// Every answer is compared with what the rules make of its question, all bytes of it. Answers come in the
// order of their questions: those asked before and not answered yet are lost.
static void judge(struct load *load, const struct tpacket2_hdr *slot, struct counts *counts)
{
    const uint8_t *frame = (const uint8_t *)slot + slot->tp_mac;
    unsigned number = owner_number(frame + 22);
    if (slot->tp_len == ADVERTISEMENT && memcmp(frame, load->answers[number], ADVERTISEMENT) == 0) {
        counts->answered++;
        load->outstanding = (load->next + OWNERS - number - 1) % OWNERS;
    } else {
        counts->wrong++;
    }
}

static bool receive_some(struct load *load, struct counts *counts)
{
    for (int received = 0;; received++) {
        struct tpacket2_hdr *slot = (struct tpacket2_hdr *)(load->ring + (size_t)load->slot * SLOT);
        bool is_there = __atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
        if (!is_there || received == SLOTS) return received > 0;
        judge(load, slot, counts);
        __atomic_store_n(&slot->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        load->slot = (load->slot + 1) % SLOTS;
    }
}

// Asks until the time is there. The loop never sleeps: the answering side shall not pay for waking it.
static struct counts run(struct load *load, unsigned window, double until)
{
    struct counts counts = {0};
    double heard = now();
    for (double time = heard; time < until; time = now()) {
        unsigned room = load->outstanding < window ? window - load->outstanding : 0;
        unsigned most = window == 0 ? BATCH : room;
        unsigned sent = most > 0 ? send_some(load, most) : 0;
        counts.sent += sent;
        load->outstanding += sent;
        if (receive_some(load, &counts) || load->outstanding == 0) heard = time;
        if (time - heard > PATIENCE) {
            load->outstanding = 0;
            heard = time;
        }
    }
    return counts;
}

int main(int count, char **words)
{
    struct responder host;
    bool through = count == 7 && strcmp(words[6], "tc") == 0;
    bool enough = count == 6 || through;
    double seconds = enough ? atof(words[4]) : 0;
    int window = enough ? atoi(words[5]) : -1;
    if (window < 0 || window >= OWNERS || seconds <= 0 || !responder_parse(&host, words[2], words[3])) {
        fprintf(stderr, "usage: load NAME NETWORK NODE SECONDS WINDOW [tc], with 16 and 10 hex digits\n");
        return 2;
    }
    static struct load load;
    uint8_t mac[6];
    load.socket = open_socket(words[1], mac, !through);
    load.ring = open_ring(load.socket);
    prepare(&load, &host, mac);
    struct counts warm_up = run(&load, (unsigned)window, now() + WARM_UP);
    double start = now();
    struct counts counts = run(&load, (unsigned)window, start + seconds);
    printf("{\"sent\":%llu,\"answered\":%llu,\"wrong\":%llu,\"seconds\":%.6f}\n",
           (unsigned long long)counts.sent, (unsigned long long)counts.answered,
           (unsigned long long)(warm_up.wrong + counts.wrong), now() - start);
    return 0;
}
