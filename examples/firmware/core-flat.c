// The core as C whose memory is the chip's: it reads the record in flash, and answers the frame where it was received.
#include "config.h"
#include "core.h"
#include CORE_HEADER

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

enum { BEFORE_FRAME = 2 };

static _Alignas(4) uint8_t buffer[BEFORE_FRAME + CORE_FRAME_CAPACITY];

uint8_t *core_start(void)
{
    return buffer + BEFORE_FRAME;
}

int32_t core_respond(size_t length)
{
    return JOIN(CORE_NAME, _respond)(&config, buffer + BEFORE_FRAME, length);
}
