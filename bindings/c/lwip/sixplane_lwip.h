/*
 * SPDX-License-Identifier: MIT
 *
 * A node of a network on an Ethernet interface of lwIP 2.1 or 2.2.
 *
 * To a neighbour of the network, packets go out at once: its MAC follows from its address, so nobody is asked and lwIP
 * caches nothing. Everything else is left to lwIP. bindings/c/lwip/README.md tells how to build it.
 */
#ifndef SIXPLANE_LWIP_H
#define SIXPLANE_LWIP_H

#include "lwip/err.h"
#include "lwip/netif.h"
#include "sixplane.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How many interfaces may be attached at once. */
#ifndef SIXPLANE_LWIP_NETIFS
#define SIXPLANE_LWIP_NETIFS 1
#endif

/*
 * 1: what lwIP still asks about other nodes is answered within the device. lwIP itself asks nothing about them; code
 * that calls ethip6_output or nd6 past the interface's output_ip6 may.
 */
#ifndef SIXPLANE_LWIP_RESPONDER
#define SIXPLANE_LWIP_RESPONDER 0
#endif

/*
 * Makes the interface the node's: sets its MAC and its link-local address, adds the node's address in each mode, and
 * takes over its output_ip6; with the responder, its linkoutput, too.
 *
 * The interface has been added, and its driver has set its functions. A driver that filters by MAC must take the new
 * one from netif->hwaddr. Like all functions of lwIP, this belongs into its thread, or under its lock.
 *
 * network  the network ID, 8 bytes
 * node     the node address, 5 bytes
 * modes    SIXPLANE_MODE_6PLANE, SIXPLANE_MODE_RFC4193, or both
 *
 * Gives ERR_OK, or, with nothing changed:
 *   ERR_ARG      the network ID is 0, or the modes are none or others
 *   ERR_VAL      the node address is 0 or starts with ff: such nodes do not exist
 *   ERR_IF       the interface is NULL or no Ethernet interface, or has no output_ip6 or linkoutput yet; with the
 *                responder, also where its chksum_flags leave the ICMPv6 checksum to the hardware
 *   ERR_ALREADY  the interface is attached
 *   ERR_MEM      the interface has no room for the addresses (LWIP_IPV6_NUM_ADDRESSES), or too many interfaces are
 *                attached (SIXPLANE_LWIP_NETIFS)
 */
err_t sixplane_netif_attach(struct netif* netif, const uint8_t network[8], const uint8_t node[5], uint8_t modes);

/*
 * Gives the interface back its functions and its MAC, with the link-local address of that, and removes the node's
 * addresses. Call it before netif_remove.
 *
 * Gives ERR_OK, or, with nothing changed:
 *   ERR_IF   the interface is not attached
 *   ERR_USE  somebody else has taken over its functions since, and has to give them back first
 */
err_t sixplane_netif_detach(struct netif* netif);

#ifdef __cplusplus
}
#endif

#endif
