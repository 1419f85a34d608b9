// The Ethernet controller as an interface of lwIP, and the chip's clock.
#ifndef INTERFACE_H
#define INTERFACE_H

#include "lwip/netif.h"

// For netif_add.
err_t interface_start(struct netif *netif);

// Gives lwIP a frame, if one has come in.
void interface_receive(struct netif *netif);

// Starts lwIP's clock.
void clock_start(void);

// Sleeps until a frame comes in, or the clock ticks.
void clock_wait(void);

#endif
