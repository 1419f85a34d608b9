// lwIP with IPv6, UDP and nothing more, in the loop of main.c.
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 0

#define LWIP_IPV4 0
#define LWIP_IPV6 1
#define LWIP_IPV6_FRAG 0
#define LWIP_IPV6_REASS 0
#define LWIP_TCP 0
#define LWIP_RAW 0
#define LWIP_SINGLE_NETIF 1

// The network has no router.
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 0
#define LWIP_IPV6_AUTOCONFIG 0
#define LWIP_ND6_NUM_ROUTERS 1
#define LWIP_ND6_NUM_PREFIXES 1

#define MEM_ALIGNMENT 4
#define MEM_SIZE 4096
#define PBUF_POOL_SIZE 8
#define PBUF_POOL_BUFSIZE 512
#define MEMP_NUM_UDP_PCB 2
// Greetings, and the responder's answers.
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 1 + SIXPLANE_LWIP_RESPONDER)

// Puts the IPv6 header on a multiple of four, as the Ethernet controller has it.
#define ETH_PAD_SIZE 2

#endif
