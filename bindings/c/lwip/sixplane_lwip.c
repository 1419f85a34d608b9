/* SPDX-License-Identifier: MIT */
/*
 * The core's memory, of which all of this uses
 *
 *   0            16 * SIXPLANE_LWIP_NETIFS
 *  ┌─────────────┬──────────────────────────────────────────┐
 *  │ records, 16 │ an address, 16, and a MAC, 6; or a frame │
 *  └─────────────┴──────────────────────────────────────────┘
 */
#include "sixplane_lwip.h"

#include <string.h>

#include "lwip/ethip6.h"
#include "lwip/init.h"
#include "lwip/nd6.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/icmp6.h"
#include "netif/ethernet.h"

#if SIXPLANE_LWIP_RESPONDER
#include "lwip/tcpip.h"
#include "lwip/timeouts.h"
#include "sixplane-wasm2c.h"
#define CORE_(name) w2c_sixplane##name
#else
#include "address-wasm2c.h"
#define CORE_(name) w2c_address##name
#endif

#if LWIP_VERSION_MAJOR < 2 || (LWIP_VERSION_MAJOR == 2 && LWIP_VERSION_MINOR < 1)
#error "sixplane_lwip needs lwIP 2.1 or newer"
#endif
#if !LWIP_IPV6 || !LWIP_ETHERNET
#error "sixplane_lwip needs LWIP_IPV6 and LWIP_ETHERNET"
#endif
#if LWIP_IPV6_NUM_ADDRESSES < 2
#error "sixplane_lwip needs LWIP_IPV6_NUM_ADDRESSES of 2, or 3 for both modes: the first address is link-local"
#endif
#if SIXPLANE_LWIP_RESPONDER
#if !CHECKSUM_GEN_ICMP6
#error "sixplane_lwip's responder checks the ICMPv6 checksum, so CHECKSUM_GEN_ICMP6 must be 1"
#endif
#if NO_SYS && !LWIP_TIMERS
#error "sixplane_lwip's responder answers by a timeout, so LWIP_TIMERS must be 1"
#endif
#if NO_SYS && MEMP_NUM_SYS_TIMEOUT < LWIP_NUM_SYS_TIMEOUT_INTERNAL + SIXPLANE_LWIP_NETIFS
#error "sixplane_lwip's responder needs a timeout: MEMP_NUM_SYS_TIMEOUT must be LWIP_NUM_SYS_TIMEOUT_INTERNAL + SIXPLANE_LWIP_NETIFS"
#endif
#endif

enum {
  SCRATCH = SIXPLANE_CONFIG_LENGTH * SIXPLANE_LWIP_NETIFS,
  ADDRESS = SCRATCH,
  MAC = ADDRESS + 16,
  FRAME = SCRATCH,
  FRAME_CAPACITY = WASM_RT_MEMORY_SIZE - FRAME,
};

#if WASM_RT_MEMORY_SIZE < 16 * SIXPLANE_LWIP_NETIFS + (SIXPLANE_LWIP_RESPONDER ? SIXPLANE_REPLY_LENGTH : 16 + 6)
#error "sixplane_lwip needs a larger WASM_RT_MEMORY_SIZE: 16 bytes for an interface, and 22 more, or 86 for the responder"
#endif

/* All zero, which is all that instantiating does. */
static CORE_() core;

/* An interface that is attached, and what it had before. The place in the table is that of its record. */
static struct attachment {
  struct netif* netif; /* NULL where the place is free */
  netif_output_ip6_fn output_ip6;
#if SIXPLANE_LWIP_RESPONDER
  netif_linkoutput_fn linkoutput;
  struct pbuf* replies; /* those that lwIP has yet to get, each linked to the next one */
#endif
  uint8_t mac[ETH_HWADDR_LEN];
} attachments[SIXPLANE_LWIP_NETIFS];

/* The attachment of an interface, or, for NULL, a free one. */
static struct attachment* attachment_of(const struct netif* netif) {
  for (size_t at = 0; at < SIXPLANE_LWIP_NETIFS; at++)
    if (attachments[at].netif == netif) return &attachments[at];
  return NULL;
}

static u32 record_of(const struct attachment* attachment) {
  return (u32)(SIXPLANE_CONFIG_LENGTH * (attachment - attachments));
}

static uint8_t* memory(u32 address) { return core.w2c_memory.data + address; }

/* Sends to a neighbour of the network at once, and leaves everything else to lwIP. */
static err_t output_ip6(struct netif* netif, struct pbuf* packet, const ip6_addr_t* destination) {
  const struct attachment* attachment = attachment_of(netif);
  memcpy(memory(ADDRESS), destination->addr, sizeof destination->addr);
  if (!CORE_(_neighbour)(&core, record_of(attachment), ADDRESS, MAC))
    return attachment->output_ip6(netif, packet, destination);
  return ethernet_output(netif, packet, (const struct eth_addr*)netif->hwaddr, (const struct eth_addr*)memory(MAC),
                         ETHTYPE_IPV6);
}

#if SIXPLANE_LWIP_RESPONDER

static int is_solicitation(const struct pbuf* frame) {
  enum { ETHERTYPE = ETH_PAD_SIZE + 12, NEXT_HEADER = ETH_PAD_SIZE + 20, TYPE = ETH_PAD_SIZE + 54 };
  return pbuf_get_at(frame, ETHERTYPE) == 0x86 && pbuf_get_at(frame, ETHERTYPE + 1) == 0xdd &&
         pbuf_get_at(frame, NEXT_HEADER) == IP6_NEXTH_ICMP6 && pbuf_get_at(frame, TYPE) == ICMP6_TYPE_NS;
}

/* The advertisement for a frame that asks about another node, as lwIP takes it in; NULL for another frame. */
static struct pbuf* reply_to(const struct pbuf* frame, u32 record) {
  uint16_t length = frame->tot_len - ETH_PAD_SIZE;
  if (!is_solicitation(frame) || length > FRAME_CAPACITY) return NULL;
  pbuf_copy_partial(frame, memory(FRAME), length, ETH_PAD_SIZE);
  if (!sixplane_is_reply((int32_t)CORE_(_respond)(&core, record, FRAME, length))) return NULL;
  struct pbuf* reply = pbuf_alloc(PBUF_RAW, ETH_PAD_SIZE + SIXPLANE_REPLY_LENGTH, PBUF_RAM);
  if (reply != NULL) memcpy((uint8_t*)reply->payload + ETH_PAD_SIZE, memory(FRAME), SIXPLANE_REPLY_LENGTH);
  return reply;
}

static struct pbuf* next_reply(struct attachment* attachment) {
  struct pbuf* reply = attachment->replies;
  if (reply == NULL) return NULL;
  attachment->replies = reply->next;
  reply->next = NULL;
  return reply;
}

/* Gives lwIP its replies, past the interface's input: that would hand them to the thread that this runs in. */
static void deliver(void* context) {
  struct attachment* attachment = context;
  struct pbuf* reply;
  while ((reply = next_reply(attachment)) != NULL)
    if (ethernet_input(reply, attachment->netif) != ERR_OK) pbuf_free(reply);
}

/* Has lwIP call deliver when it is done with what it does now: it asks from within its own tables. */
static err_t deliver_later(struct attachment* attachment) {
#if NO_SYS
  sys_timeout(0, deliver, attachment);
  return ERR_OK;
#else
  return tcpip_try_callback(deliver, attachment);
#endif
}

static err_t link_output(struct netif* netif, struct pbuf* frame) {
  struct attachment* attachment = attachment_of(netif);
  struct pbuf* reply = reply_to(frame, record_of(attachment));
  if (reply == NULL) return attachment->linkoutput(netif, frame);
  if (attachment->replies == NULL && deliver_later(attachment) != ERR_OK) {
    pbuf_free(reply);
    return attachment->linkoutput(netif, frame);
  }
  struct pbuf** end = &attachment->replies;
  while (*end != NULL) end = &(*end)->next;
  *end = reply;
  return ERR_OK;
}

static void take_linkoutput(struct attachment* attachment, struct netif* netif) {
  attachment->linkoutput = netif->linkoutput;
  netif->linkoutput = link_output;
}

static void give_linkoutput_back(struct attachment* attachment, struct netif* netif) {
  struct pbuf* reply;
  while ((reply = next_reply(attachment)) != NULL) pbuf_free(reply);
  netif->linkoutput = attachment->linkoutput;
}

#else

static void take_linkoutput(struct attachment* attachment, struct netif* netif) { (void)attachment, (void)netif; }
static void give_linkoutput_back(struct attachment* attachment, struct netif* netif) { (void)attachment, (void)netif; }

#endif

/* The node's address in one of the record's modes. */
static ip6_addr_t address_of(u32 record, uint8_t mode) {
  ip6_addr_t address;
  if (mode == SIXPLANE_MODE_6PLANE)
    CORE_(_sixplane)(&core, record, ADDRESS);
  else
    CORE_(_rfc4193)(&core, record, ADDRESS);
  memcpy(address.addr, memory(ADDRESS), sizeof address.addr);
  ip6_addr_clear_zone(&address);
  return address;
}

static const uint8_t MODES[] = {SIXPLANE_MODE_6PLANE, SIXPLANE_MODE_RFC4193};

/* Calls the function with the node's address in each of the record's modes. */
static void for_each_address(struct netif* netif, u32 record, void (*function)(struct netif*, const ip6_addr_t*)) {
  for (size_t at = 0; at < sizeof MODES; at++) {
    if (!(memory(record)[SIXPLANE_CONFIG_MODES] & MODES[at])) continue;
    ip6_addr_t address = address_of(record, MODES[at]);
    function(netif, &address);
  }
}

/* Whether the interface has room for an address in each of the modes: lwIP keeps the first for the link-local one. */
static int has_room(const struct netif* netif, uint8_t modes) {
  size_t room = 0;
  for (size_t at = 1; at < LWIP_IPV6_NUM_ADDRESSES; at++) room += ip6_addr_isinvalid(netif_ip6_addr_state(netif, at));
  for (size_t at = 0; at < sizeof MODES; at++)
    if ((modes & MODES[at]) && room-- == 0) return 0;
  return 1;
}

static void add_address(struct netif* netif, const ip6_addr_t* address) {
  netif_add_ip6_address(netif, address, NULL);
}

static void remove_address(struct netif* netif, const ip6_addr_t* address) {
  s8_t at = netif_get_ip6_addr_match(netif, address);
  if (at >= 0) netif_ip6_addr_set_state(netif, at, IP6_ADDR_INVALID);
}

/* Gives the interface a MAC, and the link-local address that follows from it. */
static void set_mac(struct netif* netif, const uint8_t* mac) {
  memcpy(netif->hwaddr, mac, ETH_HWADDR_LEN);
  netif_ip6_addr_set_state(netif, 0, IP6_ADDR_INVALID);
  netif_create_ip6_linklocal_address(netif, 1);
}

static int is_zero(const uint8_t* bytes, size_t length) {
  while (length > 0)
    if (bytes[--length] != 0) return 0;
  return 1;
}

static int is_ethernet(const struct netif* netif) {
#if SIXPLANE_LWIP_RESPONDER && LWIP_CHECKSUM_CTRL_PER_NETIF
  if (!(netif->chksum_flags & NETIF_CHECKSUM_GEN_ICMP6)) return 0; /* the responder checks it */
#endif
  return (netif->flags & (NETIF_FLAG_ETHERNET | NETIF_FLAG_ETHARP)) != 0 && netif->hwaddr_len == ETH_HWADDR_LEN &&
         netif->output_ip6 != NULL && netif->linkoutput != NULL;
}

static err_t examine(const struct netif* netif, const uint8_t network[8], const uint8_t node[5], uint8_t modes) {
  const uint8_t known = SIXPLANE_MODE_6PLANE | SIXPLANE_MODE_RFC4193;
  if (is_zero(network, 8) || modes == 0 || (modes & ~known) != 0) return ERR_ARG;
  if (is_zero(node, 5) || node[0] == 0xff) return ERR_VAL;
  if (netif == NULL || !is_ethernet(netif)) return ERR_IF;
  if (attachment_of(netif) != NULL) return ERR_ALREADY;
  return attachment_of(NULL) != NULL && has_room(netif, modes) ? ERR_OK : ERR_MEM;
}

err_t sixplane_netif_attach(struct netif* netif, const uint8_t network[8], const uint8_t node[5], uint8_t modes) {
  LWIP_ASSERT_CORE_LOCKED();
  err_t error = examine(netif, network, node, modes);
  if (error != ERR_OK) return error;

  struct attachment* attachment = attachment_of(NULL);
  u32 record = record_of(attachment);
  struct sixplane_config config = {.modes = modes};
  memcpy(config.network, network, sizeof config.network);
  memcpy(config.node, node, sizeof config.node);
  memcpy(memory(record), &config, sizeof config);

  memcpy(attachment->mac, netif->hwaddr, sizeof attachment->mac);
  CORE_(_mac)(&core, record, MAC);
  set_mac(netif, memory(MAC));
  for_each_address(netif, record, add_address);
  attachment->netif = netif;
  attachment->output_ip6 = netif->output_ip6;
  netif->output_ip6 = output_ip6;
  take_linkoutput(attachment, netif);
  return ERR_OK;
}

static int has_our_functions(const struct netif* netif) {
#if SIXPLANE_LWIP_RESPONDER
  if (netif->linkoutput != link_output) return 0;
#endif
  return netif->output_ip6 == output_ip6;
}

err_t sixplane_netif_detach(struct netif* netif) {
  LWIP_ASSERT_CORE_LOCKED();
  struct attachment* attachment = netif == NULL ? NULL : attachment_of(netif);
  if (attachment == NULL) return ERR_IF;
  if (!has_our_functions(netif)) return ERR_USE;
  give_linkoutput_back(attachment, netif);
  netif->output_ip6 = attachment->output_ip6;
  for_each_address(netif, record_of(attachment), remove_address);
  set_mac(netif, attachment->mac);
  attachment->netif = NULL;
  return ERR_OK;
}
