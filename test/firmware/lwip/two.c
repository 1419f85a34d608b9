// Two interfaces of one device, in two networks: what goes out of which, to whom. Nothing is received.
#include <stdbool.h>
#include <string.h>

#include "lwip/ethip6.h"
#include "lwip/init.h"
#include "netif/ethernet.h"
#include "sixplane_lwip.h"

static struct netif netifs[3];
static uint8_t destination[6]; // of the last frame
static const struct netif *last;

u32_t sys_now(void) { return 0; }

static err_t note(struct netif *netif, struct pbuf *packet) {
  last = netif;
  pbuf_copy_partial(packet, destination, 6, 0);
  return ERR_OK;
}

static err_t start(struct netif *netif) {
  netif->hwaddr_len = 6;
  netif->mtu = 1500;
  netif->flags = NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
  netif->output_ip6 = ethip6_output;
  netif->linkoutput = note;
  return ERR_OK;
}

// Whether a packet to the address leaves the interface for this MAC.
static bool reaches(int n, const char *address, const char *mac) {
  ip6_addr_t to;
  char got[18];
  struct pbuf *packet = pbuf_alloc(PBUF_LINK, 40, PBUF_RAM);
  ip6addr_aton(address, &to);
  memset(packet->payload, 0, packet->len);
  last = NULL;
  netifs[n].output_ip6(&netifs[n], packet, &to);
  pbuf_free(packet);
  const uint8_t *at = destination;
  snprintf(got, sizeof got, "%02x:%02x:%02x:%02x:%02x:%02x", at[0], at[1], at[2], at[3], at[4], at[5]);
  return last == &netifs[n] && strcmp(got, mac) == 0;
}

static err_t attach(int n, uint8_t network) {
  const uint8_t id[8] = {0x80, 0x56, 0xc2, 0xe2, 0x1c, 0x00, 0x00, network};
  static const uint8_t NODE[5] = {0xde, 0xad, 0xbe, 0xef, 0x01};
  return sixplane_netif_attach(&netifs[n], id, NODE, SIXPLANE_MODE_6PLANE);
}

#define EXPECT(what) ((what) ? (void)0 : (printf("not so: %s\n", #what), exit(1)))

int main(void) {
  const char *in_first = "fc9c:56c2:e389:e92c:eee5::1", *first_mac = "02:89:e9:30:0c:27";
  const char *in_second = "fc9c:56c2:e789:e92c:eee5::1", *second_mac = "06:89:e9:30:0c:27";
  lwip_init();
  for (int n = 0; n < 3; n++) {
    netif_add_noaddr(&netifs[n], NULL, start, ethernet_input);
    netif_set_up(&netifs[n]);
  }
  EXPECT(sixplane_netif_attach(NULL, (uint8_t[8]){1}, (uint8_t[5]){1}, 1) == ERR_IF);
  EXPECT(attach(0, 1) == ERR_OK);
  EXPECT(attach(1, 5) == ERR_OK);
  EXPECT(attach(2, 3) == ERR_MEM);
  EXPECT(attach(1, 5) == ERR_ALREADY);
  EXPECT(reaches(0, in_first, first_mac) && !reaches(0, in_second, second_mac));
  EXPECT(reaches(1, in_second, second_mac) && !reaches(1, in_first, first_mac));
  EXPECT(sixplane_netif_detach(&netifs[0]) == ERR_OK);
  EXPECT(!reaches(0, in_first, first_mac));
  EXPECT(reaches(1, in_second, second_mac));
  EXPECT(attach(2, 1) == ERR_OK);
  EXPECT(reaches(2, in_first, first_mac) && reaches(1, in_second, second_mac));
  EXPECT(sixplane_netif_detach(&netifs[1]) == ERR_OK && sixplane_netif_detach(&netifs[2]) == ERR_OK);
  EXPECT(netifs[1].output_ip6 == ethip6_output && netifs[2].output_ip6 == ethip6_output);
  printf("all is so\n");
  return 0;
}
