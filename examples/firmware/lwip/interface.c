#include "interface.h"
#include "board.h"

#include "lwip/ethip6.h"
#include "lwip/pbuf.h"

// 1,514 bytes of a frame and 4 of its checksum, behind the two that are the controller's.
enum { CAPACITY = 1518 };

static _Alignas(4) uint8_t buffer[ETH_PAD_SIZE + CAPACITY];

static err_t send(struct netif *netif, struct pbuf *packet)
{
    (void)netif;
    if (packet->tot_len > sizeof buffer) return ERR_BUF;
    pbuf_copy_partial(packet, buffer, packet->tot_len, 0);
    ethernet_send(buffer + ETH_PAD_SIZE, packet->tot_len - ETH_PAD_SIZE);
    return ERR_OK;
}

void interface_receive(struct netif *netif)
{
    if (!ethernet_waiting()) return;
    size_t length = ethernet_receive(buffer + ETH_PAD_SIZE, CAPACITY);
    if (length == 0) return;
    struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)(ETH_PAD_SIZE + length), PBUF_POOL);
    if (packet == NULL) return;
    pbuf_take(packet, buffer, packet->tot_len);
    if (netif->input(packet, netif) != ERR_OK) pbuf_free(packet);
}

// The MAC is sixplane_netif_attach's. The controller takes in everything, so it need not know.
err_t interface_start(struct netif *netif)
{
    netif->hwaddr_len = 6;
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6 | NETIF_FLAG_LINK_UP;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = send;
    return ERR_OK;
}
