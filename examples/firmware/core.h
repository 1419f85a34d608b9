// The core, whatever runs it: core-wasm2c.c, core-flat.c or core-wasm3.c.
#ifndef CORE_H
#define CORE_H

#include "sixplane.h"

// Where things lie in the memory of a core that has its own. The two bytes before the frame are the Ethernet
// controller's, and put the IPv6 header on a multiple of four. 1,518 bytes are the longest frame without a VLAN tag, and
// its checksum.
enum { CORE_CONFIG = 0, CORE_FRAME = 18, CORE_FRAME_CAPACITY = 1518, CORE_MEMORY = CORE_FRAME + CORE_FRAME_CAPACITY };

// Starts the core with the record of config.c, and gives the place for frames: CORE_FRAME_CAPACITY bytes, two behind a
// multiple of four, which may be written, too.
uint8_t *core_start(void);

// Judges the frame of that length, and puts the reply in its place; gives what `respond` does.
int32_t core_respond(size_t length);

#endif
