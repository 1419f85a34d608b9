// What stays where there is no engine: the place for what is asked.
#include "call.h"

static _Alignas(4) uint8_t buffer[BEFORE + INPUT_BYTES];

uint8_t *call_start(const uint8_t record[RECORD_BYTES])
{
    (void)record;
    return buffer + BEFORE;
}

int32_t call(size_t at)
{
    (void)at;
    return NEIGHBOUR ? 1 : LENGTH;
}
