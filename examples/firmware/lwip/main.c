// A device with an IP stack: it echoes datagrams, answers pings, and greets its peers until they have echoed that.
#include "board.h"
#include "device.h"
#include "interface.h"
#include "sixplane_lwip.h"

#include "lwip/init.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"
#include "netif/ethernet.h"

enum { ECHO_PORT = 7, SECOND = 1000, MOST_PEERS = 8 };

static struct netif netif;
static struct udp_pcb *greeter;
static bool has_echoed[MOST_PEERS];

uint32_t device_random(void)
{
    static uint32_t state;
    if (state == 0) state = (uint32_t)(config.node[1] << 24 | config.node[2] << 16 | config.node[3] << 8 | config.node[4]);
    return state = state * 1664525 + 1013904223;
}

static void echo(void *context, struct udp_pcb *pcb, struct pbuf *packet, const ip_addr_t *from, u16_t port)
{
    (void)context;
    udp_sendto(pcb, packet, from, port);
    pbuf_free(packet);
}

static void note_echo(void *context, struct udp_pcb *pcb, struct pbuf *packet, const ip_addr_t *from, u16_t port)
{
    (void)context, (void)pcb, (void)port;
    for (int n = 0; config_peers[n] != NULL; n++) {
        ip_addr_t peer;
        ipaddr_aton(config_peers[n], &peer);
        if (!ip_addr_cmp(&peer, from) || has_echoed[n]) continue;
        has_echoed[n] = true;
        uart_write(config_peers[n]);
        uart_write(" echoes\n");
    }
    pbuf_free(packet);
}

static void greet(const char *peer)
{
    static const char GREETING[] = "a greeting";
    ip_addr_t address;
    struct pbuf *packet = pbuf_alloc(PBUF_TRANSPORT, sizeof GREETING, PBUF_RAM);
    if (packet == NULL) return;
    pbuf_take(packet, GREETING, sizeof GREETING);
    if (ipaddr_aton(peer, &address)) udp_sendto(greeter, packet, &address, ECHO_PORT);
    pbuf_free(packet);
}

static void greet_all(void *context)
{
    for (int n = 0; config_peers[n] != NULL; n++)
        if (!has_echoed[n]) greet(config_peers[n]);
    sys_timeout(SECOND, greet_all, context);
}

static void serve(void)
{
    struct udp_pcb *server = udp_new_ip_type(IPADDR_TYPE_V6);
    udp_bind(server, IP6_ADDR_ANY, ECHO_PORT);
    udp_recv(server, echo, NULL);
    greeter = udp_new_ip_type(IPADDR_TYPE_V6);
    udp_recv(greeter, note_echo, NULL);
    sys_timeout(SECOND, greet_all, NULL);
}

int main(void)
{
    board_start();
    clock_start();
    lwip_init();
    netif_add_noaddr(&netif, NULL, interface_start, ethernet_input);
    if (sixplane_netif_attach(&netif, config.network, config.node, config.modes) != ERR_OK)
        board_fail("the node cannot be attached");
    netif_set_default(&netif);
    netif_set_up(&netif);
    serve();
    uart_write("sixplane answers\n");
    for (;;) {
        interface_receive(&netif);
        sys_check_timeouts();
        clock_wait();
    }
}
