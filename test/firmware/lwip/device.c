// A device with lwIP, whose Ethernet is a TAP interface. It echoes by UDP and TCP, and does what its standard input says:
//
//   attach NETWORK NODE MODES   detach   state   groups   left   cache   clock   speed FACTOR
//   ping ADDRESS   udp ADDRESS   chain ADDRESS   tcp ADDRESS
//   add ADDRESS   no-ethernet   no-checksums   bypass
//
// It prints a line for each, those of the second row when the answer is there.
#include <ctype.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lwip/ethip6.h"
#include "lwip/icmp6.h"
#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/mld6.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/raw.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"
#include "netif/ethernet.h"
#include "sixplane_lwip.h"

enum { ECHO_PORT = 7, FRAME = 1514, STREAM = 100000, DATAGRAM = 1000 };

static int tap;
static struct netif netif;
static unsigned groups; // frames that were sent to a group

// ---- the clock, which may be a faster one

static double speed = 1;
static double at_change; // lwIP's time, in milliseconds, when the speed was changed
static double changed;   // and this machine's

static double machine_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

u32_t sys_now(void) { return (u32_t)(at_change + (machine_time() - changed) * speed); }

static void set_speed(double factor) {
  at_change = sys_now();
  changed = machine_time();
  speed = factor;
}

// ---- the driver

static err_t tap_output(struct netif *to, struct pbuf *packet) {
  (void)to;
  uint8_t frame[FRAME];
  u16_t length = pbuf_copy_partial(packet, frame, sizeof frame, ETH_PAD_SIZE);
  groups += frame[0] & 1;
  return write(tap, frame, length) == length ? ERR_OK : ERR_IF;
}

static void tap_input(void) {
  uint8_t frame[ETH_PAD_SIZE + FRAME];
  ssize_t length = read(tap, frame + ETH_PAD_SIZE, FRAME);
  if (length <= 0) return;
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)(ETH_PAD_SIZE + length), PBUF_POOL);
  if (packet == NULL) return;
  pbuf_take(packet, frame, (u16_t)(ETH_PAD_SIZE + length));
  if (netif.input(packet, &netif) != ERR_OK) pbuf_free(packet);
}

static err_t tap_start(struct netif *one) {
  static const uint8_t FACTORY_MAC[6] = {0x00, 0x00, 0x5e, 0x00, 0x53, 0x01};
  memcpy(one->hwaddr, FACTORY_MAC, 6);
  one->hwaddr_len = 6;
  one->mtu = 1500;
  one->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6 | NETIF_FLAG_LINK_UP;
  one->output_ip6 = ethip6_output;
  one->linkoutput = tap_output;
  return ERR_OK;
}

// ---- what is left to lwIP, and that nothing comes into it while it sends: by the linker's --wrap

static int sending;
static unsigned left; // packets to a single host

err_t __real_ethip6_output(struct netif *, struct pbuf *, const ip6_addr_t *);
err_t __wrap_ethip6_output(struct netif *to, struct pbuf *packet, const ip6_addr_t *destination);
err_t __wrap_ethip6_output(struct netif *to, struct pbuf *packet, const ip6_addr_t *destination) {
  left += !ip6_addr_ismulticast(destination);
  sending++;
  err_t error = __real_ethip6_output(to, packet, destination);
  sending--;
  return error;
}

err_t __real_ethernet_input(struct pbuf *, struct netif *);
err_t __wrap_ethernet_input(struct pbuf *packet, struct netif *from);
err_t __wrap_ethernet_input(struct pbuf *packet, struct netif *from) {
  if (sending) printf("re-entered\n");
  return __real_ethernet_input(packet, from);
}

// As the kernel writes it: lwIP has upper case.
static const char *text_of(const ip6_addr_t *address) {
  static char text[IP6ADDR_STRLEN_MAX];
  ip6addr_ntoa_r(address, text, sizeof text);
  for (char *letter = text; *letter != '\0'; letter++) *letter = (char)tolower(*letter);
  return text;
}

// ---- its servers

static void echo_datagram(void *context, struct udp_pcb *pcb, struct pbuf *packet, const ip_addr_t *from, u16_t port) {
  (void)context;
  udp_sendto(pcb, packet, from, port);
  pbuf_free(packet);
}

static err_t echo_stream(void *context, struct tcp_pcb *pcb, struct pbuf *packet, err_t error) {
  (void)context;
  if (packet == NULL) return tcp_close(pcb);
  if (error != ERR_OK) return error;
  for (struct pbuf *part = packet; part != NULL; part = part->next)
    if (tcp_write(pcb, part->payload, part->len, TCP_WRITE_FLAG_COPY) != ERR_OK) return ERR_MEM; // which keeps the packet
  tcp_recved(pcb, packet->tot_len);
  pbuf_free(packet);
  return tcp_output(pcb);
}

static err_t accept_stream(void *context, struct tcp_pcb *pcb, err_t error) {
  (void)context;
  tcp_recv(pcb, echo_stream);
  return error;
}

static void serve(void) {
  struct udp_pcb *udp = udp_new_ip_type(IPADDR_TYPE_V6);
  udp_bind(udp, IP6_ADDR_ANY, ECHO_PORT);
  udp_recv(udp, echo_datagram, NULL);
  struct tcp_pcb *tcp = tcp_new_ip_type(IPADDR_TYPE_V6);
  tcp_bind(tcp, IP6_ADDR_ANY, ECHO_PORT);
  tcp_accept(tcp_listen(tcp), accept_stream);
}

// ---- what it asks of others

static uint8_t pattern(unsigned at) { return (uint8_t)(at * 7 + at / 251); }

static bool is_pattern(const struct pbuf *packet, unsigned from) {
  for (u16_t at = 0; at < packet->tot_len; at++)
    if (pbuf_get_at(packet, at) != pattern(from + at)) return false;
  return true;
}

static void failed(const char *what, err_t error) {
  if (error != ERR_OK) printf("%s failed: %d\n", what, error);
}

static u8_t take_pong(void *context, struct raw_pcb *pcb, struct pbuf *packet, const ip_addr_t *from) {
  (void)context, (void)pcb;
  if (pbuf_get_at(packet, 40) != ICMP6_TYPE_EREP) return 0;
  printf("ping %s\n", text_of(ip_2_ip6(from)));
  pbuf_free(packet);
  return 1;
}

static void ping(const ip_addr_t *to) {
  static struct raw_pcb *pcb;
  if (pcb == NULL) {
    pcb = raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6);
    pcb->chksum_reqd = 1;
    pcb->chksum_offset = 2;
    raw_recv(pcb, take_pong, NULL);
    raw_bind(pcb, IP6_ADDR_ANY);
  }
  struct pbuf *packet = pbuf_alloc(PBUF_IP, 64, PBUF_RAM);
  memset(packet->payload, 0, packet->len);
  ((uint8_t *)packet->payload)[0] = ICMP6_TYPE_EREQ;
  failed("ping", raw_sendto(pcb, packet, to));
  pbuf_free(packet);
}

static void take_datagram(void *context, struct udp_pcb *pcb, struct pbuf *packet, const ip_addr_t *from, u16_t port) {
  (void)pcb, (void)port;
  if (packet->tot_len == DATAGRAM && is_pattern(packet, 0)) printf("%s %s\n", (const char *)context, text_of(ip_2_ip6(from)));
  pbuf_free(packet);
}

static void send_datagram(struct pbuf *packet, const ip_addr_t *to, char *name) {
  static struct udp_pcb *pcb;
  if (pcb == NULL) pcb = udp_new_ip_type(IPADDR_TYPE_V6);
  udp_recv(pcb, take_datagram, name);
  failed(name, udp_sendto(pcb, packet, to, ECHO_PORT));
  pbuf_free(packet);
}

static uint8_t stream[STREAM];

static void datagram(const ip_addr_t *to) {
  struct pbuf *packet = pbuf_alloc(PBUF_TRANSPORT, DATAGRAM, PBUF_RAM);
  pbuf_take(packet, stream, DATAGRAM);
  send_datagram(packet, to, "udp");
}

// In three pieces, which lie in memory that has no room for headers.
static void chained_datagram(const ip_addr_t *to) {
  static const u16_t PIECES[] = {1, 700, DATAGRAM - 701};
  struct pbuf *packet = NULL;
  for (unsigned n = 0, at = 0; n < 3; at += PIECES[n++]) {
    struct pbuf *piece = pbuf_alloc(PBUF_RAW, PIECES[n], PBUF_REF);
    piece->payload = stream + at;
    if (packet == NULL) packet = piece;
    else pbuf_cat(packet, piece);
  }
  send_datagram(packet, to, "chain");
}

static unsigned stream_sent, stream_received;

static err_t send_stream(void *context, struct tcp_pcb *pcb, u16_t length) {
  (void)context, (void)length;
  unsigned left = STREAM - stream_sent;
  u16_t part = (u16_t)LWIP_MIN(left, tcp_sndbuf(pcb));
  if (part > 0 && tcp_write(pcb, stream + stream_sent, part, 0) == ERR_OK) stream_sent += part;
  return tcp_output(pcb);
}

static err_t take_stream(void *context, struct tcp_pcb *pcb, struct pbuf *packet, err_t error) {
  (void)context, (void)error;
  if (packet == NULL) return tcp_close(pcb);
  if (!is_pattern(packet, stream_received)) printf("tcp: other bytes\n");
  stream_received += packet->tot_len;
  tcp_recved(pcb, packet->tot_len);
  pbuf_free(packet);
  if (stream_received < STREAM) return ERR_OK;
  printf("tcp %s\n", text_of(ip_2_ip6(&pcb->remote_ip)));
  return tcp_close(pcb);
}

static err_t start_stream(void *context, struct tcp_pcb *pcb, err_t error) {
  (void)error;
  return send_stream(context, pcb, 0);
}

static void connect_stream(const ip_addr_t *to) {
  struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_V6);
  stream_sent = stream_received = 0;
  tcp_recv(pcb, take_stream);
  tcp_sent(pcb, send_stream);
  failed("tcp", tcp_connect(pcb, to, ECHO_PORT, start_stream));
}

// ---- what it says of itself

static void print_state(void) {
  printf("state");
  for (int at = 0; at < 6; at++) printf("%c%02x", at ? ':' : ' ', netif.hwaddr[at]);
  for (s8_t at = 0; at < LWIP_IPV6_NUM_ADDRESSES; at++)
    if (ip6_addr_isvalid(netif_ip6_addr_state(&netif, at))) printf(" %s", text_of(netif_ip6_addr(&netif, at)));
  printf("\n");
}

static void print_cache(void) {
  printf("cache");
  for (int at = 0; at < LWIP_ND6_NUM_NEIGHBORS; at++)
    if (neighbor_cache[at].state != ND6_NO_ENTRY) printf(" %s", text_of(&neighbor_cache[at].next_hop_address));
  printf("\n");
}

static err_t attach(const char *network, const char *node, unsigned modes) {
  uint8_t bytes[13];
  for (int at = 0; at < 13; at++) sscanf((at < 8 ? network + 2 * at : node + 2 * (at - 8)), "%2hhx", &bytes[at]);
  return sixplane_netif_attach(&netif, bytes, bytes + 8, (uint8_t)modes);
}

static void obey(const char *line) {
  char word[16] = "", first[64] = "", node[16] = "";
  unsigned modes = 0;
  sscanf(line, "%15s %63s %15s %u", word, first, node, &modes);
  ip_addr_t address;
  bool has_address = ipaddr_aton(first, &address) != 0;
#define IS(name) (strcmp(word, name) == 0)
  if (IS("attach")) printf("attach %d\n", attach(first, node, modes));
  else if (IS("detach")) printf("detach %d\n", sixplane_netif_detach(&netif));
  else if (IS("state")) print_state();
  else if (IS("groups")) printf("groups %u\n", groups);
  else if (IS("left")) printf("left %u\n", left);
  else if (IS("cache")) print_cache();
  else if (IS("clock")) printf("clock %u\n", sys_now());
  else if (IS("speed")) set_speed(atof(first)), printf("speed\n");
  else if (IS("ping") && has_address) ping(&address);
  else if (IS("udp") && has_address) datagram(&address);
  else if (IS("chain") && has_address) chained_datagram(&address);
  else if (IS("tcp") && has_address) connect_stream(&address);
  else if (IS("add") && has_address) printf("add %d\n", netif_add_ip6_address(&netif, ip_2_ip6(&address), NULL));
  else if (IS("no-ethernet")) netif.flags &= (u8_t)~NETIF_FLAG_ETHERNET, printf("no-ethernet\n");
  else if (IS("no-checksums")) netif.chksum_flags = NETIF_CHECKSUM_DISABLE_ALL, printf("no-checksums\n");
  else if (IS("bypass")) netif.output_ip6 = ethip6_output, printf("bypass\n");
  else printf("what is %s?\n", line);
}

static int open_tap(const char *name) {
  int file = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (file < 0 || ioctl(file, TUNSETIFF, &request) < 0) {
    perror(name);
    exit(1);
  }
  return file;
}

static void read_lines(void) {
  static char text[16384];
  static size_t length;
  ssize_t got = read(0, text + length, sizeof text - 1 - length);
  if (got <= 0) exit(0);
  length += (size_t)got;
  text[length] = '\0';
  char *line = text, *end;
  for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = '\0';
    obey(line);
  }
  length = strlen(line);
  memmove(text, line, length);
}

int main(int count, char **words) {
  if (count != 2) return fprintf(stderr, "give the name of a TAP interface\n"), 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (unsigned at = 0; at < STREAM; at++) stream[at] = pattern(at);
  tap = open_tap(words[1]);
  changed = machine_time();
  lwip_init();
  netif_add_noaddr(&netif, NULL, tap_start, ethernet_input);
  netif_set_default(&netif);
  netif_set_up(&netif);
  serve();
  printf("ready\n");
  for (;;) {
    struct pollfd files[] = {{.fd = tap, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    u32_t sleep = sys_timeouts_sleeptime();
    poll(files, 2, (int)(LWIP_MIN(sleep, 1000) / speed));
    if (files[0].revents & POLLIN) tap_input();
    if (files[1].revents & (POLLIN | POLLHUP)) read_lines();
    sys_check_timeouts();
  }
}
