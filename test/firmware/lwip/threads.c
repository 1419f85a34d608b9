// A device with the lwIP of Debian's library, which has a thread of its own. It asks by Neighbor Discovery, past our
// output_ip6, and sends datagrams to the address that it is given, until one is echoed. It prints that.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lwip/ethip6.h"
#include "lwip/tcpip.h"
#include "lwip/udp.h"
#include "sixplane_lwip.h"

static int tap;
static struct netif netif;
static ip_addr_t peer;

static err_t tap_output(struct netif *to, struct pbuf *packet) {
  (void)to;
  uint8_t frame[1514];
  u16_t length = pbuf_copy_partial(packet, frame, sizeof frame, 0);
  return write(tap, frame, length) == length ? ERR_OK : ERR_IF;
}

static err_t tap_start(struct netif *one) {
  one->hwaddr_len = 6;
  one->mtu = 1500;
  one->flags = NETIF_FLAG_ETHARP | NETIF_FLAG_MLD6 | NETIF_FLAG_LINK_UP;
  one->output_ip6 = ethip6_output;
  one->linkoutput = tap_output;
  return ERR_OK;
}

static void *receive(void *nothing) {
  for (;;) {
    uint8_t frame[1514];
    ssize_t length = read(tap, frame, sizeof frame);
    if (length <= 0) return nothing;
    struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_POOL);
    if (packet == NULL) continue;
    pbuf_take(packet, frame, (u16_t)length);
    if (netif.input(packet, &netif) != ERR_OK) pbuf_free(packet);
  }
}

static void take(void *context, struct udp_pcb *pcb, struct pbuf *packet, const ip_addr_t *from, u16_t port) {
  (void)context, (void)pcb, (void)from, (void)port;
  printf("%.*s\n", packet->len, (const char *)packet->payload);
  exit(0);
}

static struct udp_pcb *pcb;

static void start(void *nothing) {
  (void)nothing;
  static const uint8_t NETWORK[8] = {0x80, 0x56, 0xc2, 0xe2, 0x1c, 0x00, 0x00, 0x01};
  static const uint8_t NODE[5] = {0xde, 0xad, 0xbe, 0xef, 0x01};
  netif_add_noaddr(&netif, NULL, tap_start, tcpip_input);
  netif_set_default(&netif);
  netif_set_up(&netif);
  if (sixplane_netif_attach(&netif, NETWORK, NODE, SIXPLANE_MODE_6PLANE | SIXPLANE_MODE_RFC4193) != ERR_OK) abort();
  netif.output_ip6 = ethip6_output;
  for (s8_t at = 0; at < LWIP_IPV6_NUM_ADDRESSES; at++)
    if (netif_ip6_addr_state(&netif, at)) netif_ip6_addr_set_state(&netif, at, IP6_ADDR_PREFERRED);
  pcb = udp_new_ip_type(IPADDR_TYPE_V6);
  udp_recv(pcb, take, NULL);
  pthread_t receiver;
  pthread_create(&receiver, NULL, receive, NULL);
}

static void send_hello(void *nothing) {
  (void)nothing;
  struct pbuf *packet = pbuf_alloc(PBUF_TRANSPORT, 5, PBUF_RAM);
  pbuf_take(packet, "hello", 5);
  udp_sendto(pcb, packet, &peer, 7);
  pbuf_free(packet);
}

int main(int count, char **words) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  if (count != 3 || !ipaddr_aton(words[2], &peer)) return fprintf(stderr, "give a TAP interface and an address\n"), 2;
  strncpy(request.ifr_name, words[1], IFNAMSIZ - 1);
  tap = open("/dev/net/tun", O_RDWR);
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0) return perror(words[1]), 1;
  tcpip_init(start, NULL);
  for (;;) {
    tcpip_callback(send_hello, NULL);
    usleep(200000);
  }
}
