// The core as C, made by wasm2c ahead of time.
#include "core.h"
#include "board.h"
#include "config.h"
#include CORE_HEADER

#define JOIN_(a, b, c) a##b##c
#define JOIN(a, b, c) JOIN_(a, b, c)

static JOIN(w2c_, CORE_NAME, ) core;
_Static_assert(sizeof core.w2c_memory.data == CORE_MEMORY, "WASM_RT_MEMORY_SIZE is what the frames need");
_Static_assert(offsetof(wasm_rt_memory_t, data) % 4 == 0, "the memory lies on a multiple of four");

uint8_t *core_start(void)
{
    JOIN(wasm2c_, CORE_NAME, _instantiate)(&core);
    memcpy(core.w2c_memory.data + CORE_CONFIG, &config, sizeof config);
    return core.w2c_memory.data + CORE_FRAME;
}

int32_t core_respond(size_t length)
{
    return (int32_t)JOIN(w2c_, CORE_NAME, _respond)(&core, CORE_CONFIG, CORE_FRAME, (uint32_t)length);
}

// Out of the memory's bounds: no frame that fits into it leads here.
void wasm_rt_trap(wasm_rt_trap_t trap)
{
    (void)trap;
    board_fail("the core trapped");
}
