// The MAC of a neighbour in plain C: what the core's `neighbour` is measured against.
#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

#include <stdint.h>

// Of the config record: puts the MAC of the node that has the address there, and gives the mode, 1 for 6PLANE or 2 for
// RFC 4193; 0 for this node's own, a reserved node's and every other address.
int neighbour(const uint8_t record[16], const uint8_t address[16], uint8_t mac[6]);

#endif
