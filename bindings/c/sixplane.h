/*
 * SPDX-License-Identifier: MIT
 *
 * The ABI of sixplane's core for C and C++ programs. It is the same however the core runs: as C made by wasm2c, in
 * wasm3, or in another WebAssembly runtime.
 *
 *   int32_t respond(config, frame, length)
 *
 * `config` and `frame` are addresses in the core's memory: of a config record, and of an Ethernet frame. `length` is
 * the frame's length in bytes. If the reply has replaced the frame, respond returns SIXPLANE_REPLY_LENGTH. Otherwise
 * it returns the reason, 0 or below, and the frame is unchanged. The memory at `frame` must hold
 * SIXPLANE_REPLY_LENGTH bytes even if the frame is shorter. The core touches nothing else: 16 bytes for the record
 * and the bytes of the longest frame are enough memory.
 */
#ifndef SIXPLANE_H
#define SIXPLANE_H

#include <stddef.h>
#include <stdint.h>

/* The length of a reply in bytes, and the least memory that a frame needs. */
#define SIXPLANE_REPLY_LENGTH 86

/* The length of the shortest solicitation in bytes. */
#define SIXPLANE_SOLICITATION_LENGTH 78

/* The config record. It has bytes only, so it needs no alignment. Numbers are big-endian, as the IDs are printed. */
struct sixplane_config {
  uint8_t network[8]; /* the network ID */
  uint8_t node[5];    /* the address of this node, which the core does not answer for */
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

/* Bits for permits alone: no sources of nodes outside of the network, and Router Advertisements allowed. */
#define SIXPLANE_MODE_OWN_SOURCES 8
#define SIXPLANE_MODE_ROUTERS 16

/*
 * The reasons for which a frame is not answered: X(NAME, number, name). Builds without reasons return SIXPLANE_PASS or
 * SIXPLANE_INVALID instead. A number never changes its meaning.
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

/* Whether the reply has replaced the frame, the frame is to be forwarded, or it is invalid and should be dropped. */
static inline int sixplane_is_reply(int32_t result) { return result > 0; }
static inline int sixplane_is_pass(int32_t result) { return result <= 0 && result > SIXPLANE_INVALID; }
static inline int sixplane_is_invalid(int32_t result) { return result <= SIXPLANE_INVALID; }

/* The name of a reason, or NULL if the number is no reason. */
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
