// What config.c says.
#ifndef CONFIG_H
#define CONFIG_H

#include "sixplane.h"

// The network, this node, and the kinds of address to answer for.
extern const struct sixplane_config config;

// The nodes to answer for, and a zero after the last; where there is none, every other node of the network.
extern const uint8_t config_nodes[][5];

#endif
