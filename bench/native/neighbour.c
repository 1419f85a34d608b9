#include "neighbour.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { SIXPLANE = 1, RFC4193 = 2 };
enum { NODE_BYTES = 5 };

static bool is_sixplane(const uint8_t network[8], const uint8_t address[16])
{
    if (address[0] != 0xfc) return false;
    for (int i = 0; i < 4; i++)
        if (address[1 + i] != (network[i] ^ network[4 + i])) return false;
    return true;
}

static bool is_rfc4193(const uint8_t network[8], const uint8_t address[16])
{
    return address[0] == 0xfd && memcmp(address + 1, network, 8) == 0 && address[9] == 0x99 && address[10] == 0x93;
}

static bool is_reserved(const uint8_t node[NODE_BYTES])
{
    static const uint8_t none[NODE_BYTES];
    return node[0] == 0xff || memcmp(node, none, NODE_BYTES) == 0;
}

// A local unicast octet that keeps clear of KVM's 52:54:…, and the node's bytes, each with one of the network's.
static void mac_of(const uint8_t network[8], const uint8_t node[NODE_BYTES], uint8_t mac[6])
{
    uint8_t octet = (network[7] & 0xfe) | 0x02;
    mac[0] = octet == 0x52 ? 0x32 : octet;
    for (int i = 0; i < NODE_BYTES; i++) mac[1 + i] = node[i] ^ network[6 - i];
}

int neighbour(const uint8_t record[16], const uint8_t address[16], uint8_t mac[6])
{
    const uint8_t *network = record;
    const uint8_t *self = record + 8;
    uint8_t modes = record[13];
    int mode = 0;
    if (modes & SIXPLANE && is_sixplane(network, address)) mode = SIXPLANE;
    if (modes & RFC4193 && is_rfc4193(network, address)) mode = RFC4193;
    if (mode == 0) return 0;
    const uint8_t *node = address + (mode == SIXPLANE ? 5 : 11);
    if (memcmp(node, self, NODE_BYTES) == 0 || is_reserved(node)) return 0;
    mac_of(network, node, mac);
    return mode;
}
