#include "respond.h"

#include <string.h>

// A solicitation on Ethernet (RFC 2464 §3, RFC 8200 §3, RFC 4861 §4.3). Bytes only: it may lie anywhere.
struct solicitation {
    uint8_t ethernet_destination[6];
    uint8_t ethernet_source[6];
    uint8_t ethertype[2];
    uint8_t version_class_flow[4];
    uint8_t payload_length[2];
    uint8_t next_header;
    uint8_t hop_limit;
    uint8_t source[16];
    uint8_t destination[16];
    uint8_t type;
    uint8_t code;
    uint8_t checksum[2];
    uint8_t flags[4];
    uint8_t target[16];
    uint8_t options[];
};
_Static_assert(sizeof(struct solicitation) == SOLICITATION, "the fields lie as on the wire");

enum { ETHERNET_HEADER = 14, HEADERS = 54 };
enum { ICMPV6 = 58, NEIGHBOR_SOLICITATION = 135, NEIGHBOR_ADVERTISEMENT = 136 };
enum { SOURCE_LINK_LAYER_ADDRESS = 1, TARGET_LINK_LAYER_ADDRESS = 2 };
enum { SOLICITED = 0x40, OVERRIDE = 0x20 };

static const uint8_t BROADCAST_MAC[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t NO_MAC[6];
static const uint8_t NO_NODE[5];
static const uint8_t UNSPECIFIED[16];
static const uint8_t LOOPBACK[16] = {[15] = 1};
static const uint8_t ALL_NODES[16] = {0xff, 0x02, [15] = 1};
static const uint8_t ALL_NODES_MAC[6] = {0x33, 0x33, [5] = 1};                    // RFC 2464 §7
static const uint8_t SOLICITED_NODE[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff}; // RFC 4291 §2.7.1

void responder_init(struct responder *responder, const uint8_t network[8], const uint8_t node[5], int modes)
{
    *responder = (struct responder){.sixplane = {0xfc}, .rfc4193 = {0xfd, [9] = 0x99, [10] = 0x93}};
    for (int i = 0; i < 4; i++) responder->sixplane[1 + i] = network[i] ^ network[4 + i];
    memcpy(responder->rfc4193 + 1, network, 8);
    // A local unicast octet that keeps clear of KVM's 52:54:… (ZeroTierOne, node/MAC.hpp).
    uint8_t octet = (network[7] & 0xfe) | 0x02;
    responder->mac_first = octet == 0x52 ? 0x32 : octet;
    for (int i = 0; i < 5; i++) responder->mac_mask[i] = network[6 - i];
    memcpy(responder->node, node, 5);
    responder->modes = (uint8_t)modes;
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool parse_hex(const char *text, uint8_t *bytes, size_t length)
{
    if (strlen(text) != 2 * length) return false;
    for (size_t i = 0; i < length; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool responder_parse(struct responder *responder, const char *network, const char *node)
{
    uint8_t id[8];
    uint8_t self[5];
    if (!parse_hex(network, id, sizeof id) || !parse_hex(node, self, sizeof self)) return false;
    responder_init(responder, id, self, SIXPLANE | RFC4193);
    return true;
}

uint16_t ones_complement(const uint8_t *bytes, size_t length, uint64_t sum)
{
    for (size_t at = 0; at < length; at += 4) {
        uint32_t word;
        memcpy(&word, bytes + at, sizeof word);
        sum += word;
    }
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t)((sum >> 16) + (sum & 0xffff));
}

// Over pseudo-header and message (RFC 4443 §2.3), which lie in one piece; `payload` is a multiple of 4.
static uint16_t message_sum(const struct solicitation *frame, size_t payload)
{
    // Its two words that are not zero, by their bytes, as the sum is in the order of memory.
    const uint8_t words[4] = {(uint8_t)(payload >> 8), (uint8_t)payload, 0, ICMPV6};
    uint32_t pseudo_header;
    memcpy(&pseudo_header, words, sizeof pseudo_header);
    return ones_complement(frame->source, 32 + payload, pseudo_header);
}

static bool is_group(const uint8_t mac[6])
{
    return mac[0] & 1;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t length)
{
    return memcmp(a, b, length) == 0;
}

// The node that the address embeds (E1, E2); NULL where it embeds none in a mode that is on (E3).
static const uint8_t *owner_of(const struct responder *responder, const uint8_t address[16])
{
    if (address[0] == 0xfc && responder->modes & SIXPLANE)
        return same(address, responder->sixplane, 5) ? address + 5 : NULL;
    if (address[0] == 0xfd && responder->modes & RFC4193)
        return same(address, responder->rfc4193, 11) ? address + 11 : NULL;
    return NULL;
}

static void mac_of(const struct responder *responder, const uint8_t node[5], uint8_t mac[6])
{
    mac[0] = responder->mac_first;
    for (int i = 0; i < 5; i++) mac[1 + i] = node[i] ^ responder->mac_mask[i];
}

// Whether this is where the target's owner listens for solicitations (B7).
static bool is_heard(const struct solicitation *frame, bool unspecified)
{
    const uint8_t *destination = frame->destination;
    if (same(destination, SOLICITED_NODE, 13)) return same(destination + 13, frame->target + 13, 3);
    return !unspecified && same(destination, ALL_NODES, 16);
}

// D1 to D3 and D6; every step is of 8 bytes or more.
static int judge_options(const struct solicitation *frame, size_t length, bool unspecified)
{
    for (size_t at = 0; at < length;) {
        size_t size = (size_t)frame->options[at + 1] * 8;
        if (size == 0 || size > length - at) return OPTION_LENGTH;
        if (frame->options[at] == SOURCE_LINK_LAYER_ADDRESS) {
            if (unspecified) return UNSPECIFIED_WITH_LINK_LAYER;
            if (size != 8) return LINK_LAYER_LENGTH;
        }
        at += size;
    }
    return 0;
}

// The advertisement of the target's owner (RFC 4861 §7.2.4), each field read before it is overwritten. An
// asker that has no address yet hears it as all nodes do: the address is taken (RFC 4862 §5.4.3).
static int advertise(struct solicitation *frame, const uint8_t mac[6], bool unspecified)
{
    memcpy(frame->ethernet_destination, unspecified ? ALL_NODES_MAC : frame->ethernet_source, 6);
    memcpy(frame->ethernet_source, mac, 6);
    memcpy(frame->version_class_flow, (const uint8_t[4]){0x60}, 4);
    memcpy(frame->payload_length, (const uint8_t[2]){0, ADVERTISEMENT - HEADERS}, 2);
    memcpy(frame->destination, unspecified ? ALL_NODES : frame->source, 16);
    memcpy(frame->source, frame->target, 16);
    frame->type = NEIGHBOR_ADVERTISEMENT;
    memcpy(frame->flags, (const uint8_t[4]){unspecified ? OVERRIDE : SOLICITED | OVERRIDE}, 4);
    memcpy(frame->options, (const uint8_t[2]){TARGET_LINK_LAYER_ADDRESS, 1}, 2);
    memcpy(frame->options + 2, mac, 6);
    memset(frame->checksum, 0, 2);
    uint16_t checksum = (uint16_t)~message_sum(frame, ADVERTISEMENT - HEADERS);
    memcpy(frame->checksum, &checksum, 2);
    return ADVERTISEMENT;
}

int respond(const struct responder *responder, uint8_t *bytes, size_t length)
{
    struct solicitation *frame = (struct solicitation *)bytes;

    // No solicitation: somebody else's business.
    if (length < ETHERNET_HEADER) return TOO_SHORT;
    if (frame->ethertype[0] != 0x86 || frame->ethertype[1] != 0xdd) return NOT_IPV6;
    if (length < SOLICITATION) return TOO_SHORT;
    if (frame->version_class_flow[0] >> 4 != 6) return IP_VERSION;
    if (frame->next_header != ICMPV6) return NEXT_HEADER;
    if (frame->type != NEIGHBOR_SOLICITATION) return NOT_SOLICITATION;

    // A solicitation that is not ours to answer.
    const uint8_t *node = owner_of(responder, frame->target);
    if (node == NULL) return NOT_EMULATED;
    if (same(node, responder->node, 5)) return OWN_ADDRESS;
    if (node[0] == 0xff || same(node, NO_NODE, 5)) return RESERVED_OWNER;
    uint8_t mac[6];
    mac_of(responder, node, mac);
    bool probe = responder->modes & PROBES && same(frame->destination, frame->target, 16);
    if (same(frame->ethernet_destination, BROADCAST_MAC, 6)) return BROADCAST;
    if (!is_group(frame->ethernet_destination) && !(probe && same(frame->ethernet_destination, mac, 6)))
        return UNICAST_PROBE;

    // Ours, but malformed by RFC 4861 §7.1.1, or such that its answer would go astray.
    if (is_group(frame->ethernet_source) || same(frame->ethernet_source, NO_MAC, 6) ||
        same(frame->ethernet_source, mac, 6))
        return ETHERNET_SOURCE;
    if (frame->hop_limit != 255) return HOP_LIMIT;
    size_t payload = (size_t)frame->payload_length[0] << 8 | frame->payload_length[1];
    if (payload < SOLICITATION - HEADERS || payload > length - HEADERS) return PAYLOAD_LENGTH;
    if (frame->source[0] == 0xff || same(frame->source, LOOPBACK, 16)) return SOURCE;
    if (same(frame->source, frame->target, 16)) return SOURCE_IS_TARGET;
    bool unspecified = same(frame->source, UNSPECIFIED, 16);
    if (!is_heard(frame, unspecified) && (unspecified || !probe)) return DESTINATION;
    if (frame->code != 0) return CODE;
    if (payload % 8 != 0) return OPTION_LENGTH;
    if (message_sum(frame, payload) != 0xffff) return CHECKSUM;
    int reason = judge_options(frame, payload - (SOLICITATION - HEADERS), unspecified);
    if (reason != 0) return reason;

    return advertise(frame, mac, unspecified);
}
