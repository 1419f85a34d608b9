#include "call.h"
#include CORE_HEADER

static _Alignas(4) uint8_t buffer[BEFORE + INPUT_BYTES];
static const struct sixplane_config *config;
#if NEIGHBOUR
static uint8_t out[MAC_BYTES];
#endif

uint8_t *call_start(const uint8_t record[RECORD_BYTES])
{
    config = (const void *)record;
    return buffer + BEFORE;
}

int32_t call(size_t at)
{
    return CALL_JOIN(CORE_NAME, FUNCTION)(config, buffer + BEFORE + at, LAST_POINTER);
}
