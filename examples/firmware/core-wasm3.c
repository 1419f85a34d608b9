// The core interpreted by wasm3, which reads the module where it lies: in flash.
#include "core.h"
#include "board.h"
#include "config.h"
#include CORE_HEADER

#include "m3_env.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

enum { STACK_BYTES = 512 };

static IM3Runtime runtime;
static IM3Function respond;

static void check(M3Result result)
{
    if (result) board_fail(result);
}

uint8_t *core_start(void)
{
    IM3Environment environment = m3_NewEnvironment();
    runtime = environment ? m3_NewRuntime(environment, STACK_BYTES, NULL) : NULL;
    if (!runtime) board_fail("no memory for wasm3");
    // The module says 64 KiB, as it cannot say less. What lies beyond the limit is never allocated, and traps.
    runtime->memoryLimit = CORE_MEMORY;

    IM3Module module;
    check(m3_ParseModule(environment, &module, JOIN(CORE_NAME, _wasm), sizeof JOIN(CORE_NAME, _wasm)));
    check(m3_LoadModule(runtime, module));
    check(m3_FindFunction(&respond, runtime, "respond"));
    uint8_t *memory = m3_GetMemory(runtime, NULL, 0);
    memcpy(memory + CORE_CONFIG, &config, sizeof config);
    return memory + CORE_FRAME;
}

int32_t core_respond(size_t length)
{
    int32_t result;
    check(m3_CallV(respond, CORE_CONFIG, CORE_FRAME, (int32_t)length));
    check(m3_GetResultsV(respond, &result));
    return result;
}
