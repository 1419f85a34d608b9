/*
 * What a host of sixplane's core has to know, in C and in C++, whichever way the core runs: as C made by wasm2c,
 * interpreted by wasm3, or otherwise.
 *
 *   int32_t respond(config, frame, length)
 *
 * takes the addresses of a config record and of an Ethernet frame in the core's memory, and the frame's length. It
 * returns SIXPLANE_REPLY_LENGTH where the reply has replaced the frame, or the reason for which there is none. The
 * memory at `frame` must hold SIXPLANE_REPLY_LENGTH bytes even where the frame is shorter. Nothing else is touched,
 * so a memory of 16 bytes for the record and those of the longest frame is enough.
 */
#ifndef SIXPLANE_H
#define SIXPLANE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a reply, and of the memory that a frame needs at least. */
#define SIXPLANE_REPLY_LENGTH 86

/* Bytes of the shortest frame that can be a solicitation. */
#define SIXPLANE_SOLICITATION_LENGTH 78

/* The config record: bytes only, so it may lie anywhere. Numbers are big-endian, as the IDs are printed. */
struct sixplane_config {
  uint8_t network[8]; /* the network ID */
  uint8_t node[5];    /* this node's own address, for which it does not answer */
  uint8_t modes;      /* SIXPLANE_MODE_..., one or more */
  uint8_t reserved[2];
};

#define SIXPLANE_CONFIG_NETWORK 0
#define SIXPLANE_CONFIG_NODE 8
#define SIXPLANE_CONFIG_MODES 13
#define SIXPLANE_CONFIG_LENGTH 16

/* Bits of the modes: the addresses to answer for, and whether to answer reachability probes. */
#define SIXPLANE_MODE_6PLANE 1
#define SIXPLANE_MODE_RFC4193 2
#define SIXPLANE_MODE_PROBES 4

/*
 * Why a frame was not answered: X(NAME, number, name). A build without reasons returns SIXPLANE_PASS and
 * SIXPLANE_INVALID instead. A number is never used for something else.
 */
#define SIXPLANE_REASONS(X)                                            \
  X(NOT_IPV6, -1, "not-ipv6")                                          \
  X(TOO_SHORT, -2, "too-short")                                        \
  X(UNICAST_PROBE, -3, "unicast-probe")                                \
  X(BROADCAST, -4, "broadcast")                                        \
  X(IP_VERSION, -5, "ip-version")                                      \
  X(NEXT_HEADER, -6, "next-header")                                    \
  X(NOT_SOLICITATION, -7, "not-solicitation")                          \
  X(NOT_EMULATED, -8, "not-emulated")                                  \
  X(OWN_ADDRESS, -9, "own-address")                                    \
  X(RESERVED_OWNER, -10, "reserved-owner")                             \
  X(ETHERNET_SOURCE, -17, "ethernet-source")                           \
  X(HOP_LIMIT, -18, "hop-limit")                                       \
  X(PAYLOAD_LENGTH, -19, "payload-length")                             \
  X(SOURCE, -20, "source")                                             \
  X(SOURCE_IS_TARGET, -21, "source-is-target")                         \
  X(DESTINATION, -22, "destination")                                   \
  X(CODE, -23, "code")                                                 \
  X(CHECKSUM, -24, "checksum")                                         \
  X(OPTION_LENGTH, -25, "option-length")                               \
  X(UNSPECIFIED_WITH_LINK_LAYER, -26, "unspecified-with-link-layer")   \
  X(LINK_LAYER_LENGTH, -27, "link-layer-length")

#define SIXPLANE_REASON_NUMBER(NAME, number, name) SIXPLANE_##NAME = (number),
enum sixplane_reason { SIXPLANE_REASONS(SIXPLANE_REASON_NUMBER) SIXPLANE_PASS = 0, SIXPLANE_INVALID = -16 };
#undef SIXPLANE_REASON_NUMBER

/* Whether the frame was replaced by a reply, is to be passed on, or is an invalid solicitation, best dropped. */
static inline int sixplane_is_reply(int32_t result) { return result > 0; }
static inline int sixplane_is_pass(int32_t result) { return result <= 0 && result > SIXPLANE_INVALID; }
static inline int sixplane_is_invalid(int32_t result) { return result <= SIXPLANE_INVALID; }

/* A reason's name, or NULL for what is none. */
static inline const char* sixplane_reason_name(int32_t result) {
#define SIXPLANE_REASON_CASE(NAME, number, name) \
  case (number):                                 \
    return name;
  switch (result) {
    SIXPLANE_REASONS(SIXPLANE_REASON_CASE)
    default:
      return NULL;
  }
#undef SIXPLANE_REASON_CASE
}

#endif
