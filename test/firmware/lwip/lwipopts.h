// lwIP as small devices have it: one thread, and IPv6 alone.
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_IPV4 0
#define LWIP_IPV6 1
#define LWIP_RAW 1
#define IPV6_FRAG_COPYHEADER 1 // as pointers have 64 bits
#define MEM_ALIGNMENT 8
#define MEM_SIZE 65536
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 1)
#define TCP_MSS 1220
#define TCP_SND_BUF (4 * TCP_MSS)
#define TCP_WND (4 * TCP_MSS)
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_SINGLE_NETIF 0

// The network has no router.
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 0

#endif
