// The same rules, written in C: bench/native/respond.c.
#include "core.h"
#include "respond.h"

static _Alignas(4) uint8_t memory[CORE_MEMORY];

uint8_t *core_start(void)
{
    return memory;
}

int32_t core_respond(size_t length)
{
    static struct responder responder;
    if (responder.modes == 0) {
        const struct sixplane_config *config = (const struct sixplane_config *)(memory + CORE_CONFIG);
        responder_init(&responder, config->network, config->node, config->modes);
    }
    return respond(&responder, memory + CORE_FRAME, length);
}
