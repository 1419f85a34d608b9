// This machine, for lwIP.
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <stdio.h>
#include <stdlib.h>

#define LWIP_RAND() ((u32_t)rand())
#define LWIP_PLATFORM_ASSERT(why) (fprintf(stderr, "%s\n", why), abort())

#endif
