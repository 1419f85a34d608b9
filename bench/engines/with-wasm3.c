#include "call.h"
#include CORE_HEADER

#include "m3_env.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_BYTES = 1024 };

static IM3Function function;

static void check(M3Result result)
{
    if (result) abort();
}

uint8_t *call_start(const uint8_t record[RECORD_BYTES])
{
    IM3Environment environment = m3_NewEnvironment();
    IM3Runtime runtime = environment ? m3_NewRuntime(environment, STACK_BYTES, NULL) : NULL;
    if (!runtime) abort();
    runtime->memoryLimit = MEMORY;

    IM3Module module;
    check(m3_ParseModule(environment, &module, CALL_JOIN(CORE_NAME, _wasm), sizeof CALL_JOIN(CORE_NAME, _wasm)));
    check(m3_LoadModule(runtime, module));
    check(m3_FindFunction(&function, runtime, FUNCTION_NAME));
    uint8_t *memory = m3_GetMemory(runtime, NULL, 0);
    memcpy(memory + RECORD, record, RECORD_BYTES);
    return memory + INPUT;
}

int32_t call(size_t at)
{
    int32_t result;
    check(m3_CallV(function, RECORD, (int32_t)(INPUT + at), LAST_NUMBER));
    check(m3_GetResultsV(function, &result));
    return result;
}
