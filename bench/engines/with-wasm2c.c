#include "call.h"
#include CORE_HEADER

#define PREFIXED CALL_JOIN(w2c_, CORE_NAME)

static PREFIXED core;

_Static_assert(sizeof core.w2c_memory.data == MEMORY, "WASM_RT_MEMORY_SIZE is what the slots need");

uint8_t *call_start(const uint8_t record[RECORD_BYTES])
{
    CALL_JOIN(CALL_JOIN(wasm2c_, CORE_NAME), _instantiate)(&core);
    memcpy(core.w2c_memory.data + RECORD, record, RECORD_BYTES);
    return core.w2c_memory.data + INPUT;
}

int32_t call(size_t at)
{
    return (int32_t)CALL_JOIN(PREFIXED, FUNCTION)(&core, RECORD, (uint32_t)(INPUT + at), LAST_NUMBER);
}
