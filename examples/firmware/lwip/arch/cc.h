// The chip, for lwIP.
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include "board.h"

#include <stdint.h>

uint32_t device_random(void);

#define LWIP_RAND() device_random()
#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message) board_fail("lwIP has stopped")

#endif
