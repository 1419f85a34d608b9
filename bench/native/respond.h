// The responder's rules in plain C: what the core is measured against. The rules' numbers are those of the
// table in assembly/README.md, the reasons' numbers those of assembly/reason.ts.
#ifndef RESPOND_H
#define RESPOND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOLICITATION = 78, ADVERTISEMENT = 86 };

// Bits of the modes.
enum { SIXPLANE = 1, RFC4193 = 2, PROBES = 4 };

// With 0, all that is passed on is 0, and all that is invalid -16, as in the core's smaller builds.
#ifndef REASONS
#define REASONS 1
#endif
#define PASS(reason) (REASONS ? (reason) : 0)
#define INVALID(reason) (REASONS ? (reason) : -16)

// Why a frame is not answered: to -15 it is to be passed on, from -16 it is an invalid solicitation.
enum reason {
    NOT_IPV6 = PASS(-1),
    TOO_SHORT = PASS(-2),
    UNICAST_PROBE = PASS(-3),
    BROADCAST = PASS(-4),
    IP_VERSION = PASS(-5),
    NEXT_HEADER = PASS(-6),
    NOT_SOLICITATION = PASS(-7),
    NOT_EMULATED = PASS(-8),
    OWN_ADDRESS = PASS(-9),
    RESERVED_OWNER = PASS(-10),

    ETHERNET_SOURCE = INVALID(-17),
    HOP_LIMIT = INVALID(-18),
    PAYLOAD_LENGTH = INVALID(-19),
    SOURCE = INVALID(-20),
    SOURCE_IS_TARGET = INVALID(-21),
    DESTINATION = INVALID(-22),
    CODE = INVALID(-23),
    CHECKSUM = INVALID(-24),
    OPTION_LENGTH = INVALID(-25),
    UNSPECIFIED_WITH_LINK_LAYER = INVALID(-26),
    LINK_LAYER_LENGTH = INVALID(-27),
};

// A host of a network, and what of its rules does not depend on the frame.
struct responder {
    uint8_t sixplane[5];  // the first bytes of every 6PLANE address of the network
    uint8_t rfc4193[11];  // the same of every RFC 4193 address
    uint8_t mac_first;    // the first byte of every MAC
    uint8_t mac_mask[5];  // makes a MAC's other bytes of a node address
    uint8_t node[5];
    uint8_t modes;
};

void responder_init(struct responder *responder, const uint8_t network[8], const uint8_t node[5], int modes);

// The same from 16 and 10 hex digits, in both modes; false where they are none.
bool responder_parse(struct responder *responder, const char *network, const char *node);

// Judges the frame and puts the advertisement in its place, for which there must be 86 bytes; gives its
// length, or the reason for which the frame was left as it was.
int respond(const struct responder *responder, uint8_t *frame, size_t length);

// The one's-complement sum (RFC 1071) of 32-bit words, to which `sum` is added; in the order of memory.
uint16_t ones_complement(const uint8_t *bytes, size_t length, uint64_t sum);

#endif
