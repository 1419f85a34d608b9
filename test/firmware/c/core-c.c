// The same rules, written in C: bench/native/respond.c.
#include "config.h"
#include "core.h"
#include "respond.h"

enum { BEFORE_FRAME = 2 };

static _Alignas(4) uint8_t buffer[BEFORE_FRAME + CORE_FRAME_CAPACITY];
static struct responder responder;

uint8_t *core_start(void)
{
    responder_init(&responder, config.network, config.node, config.modes);
    return buffer + BEFORE_FRAME;
}

int32_t core_respond(size_t length)
{
    return respond(&responder, buffer + BEFORE_FRAME, length);
}
