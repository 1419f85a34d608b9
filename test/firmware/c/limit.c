// limit: reads lines of MEMORY RECORD FRAME, runs the core in wasm3 with that many bytes of memory, the record at 0
// and the frame at 16, and prints what `respond` returned, or the trap, and the frame's memory.
#include "responder.wasm.h"
#include "sixplane.h"

#include "m3_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = SIXPLANE_CONFIG_LENGTH, LONGEST = 4096 };

static void check(M3Result result)
{
    if (!result) return;
    puts(result);
    exit(1);
}

static size_t parse_hex(const char *text, uint8_t *bytes)
{
    size_t length = strlen(text) / 2;
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) exit(2);
        bytes[i] = (uint8_t)byte;
    }
    return length;
}

static void answer(uint32_t limit, const uint8_t *record, const uint8_t *frame, size_t length)
{
    IM3Environment environment = m3_NewEnvironment();
    IM3Runtime runtime = m3_NewRuntime(environment, 64 * 1024, NULL);
    IM3Module module;
    IM3Function respond;
    runtime->memoryLimit = limit;
    check(m3_ParseModule(environment, &module, responder_wasm, responder_wasm_len));
    check(m3_LoadModule(runtime, module));
    check(m3_FindFunction(&respond, runtime, "respond"));

    uint32_t size;
    uint8_t *memory = m3_GetMemory(runtime, &size, 0);
    if (size != limit) exit(3);
    memcpy(memory, record, FRAME);
    memcpy(memory + FRAME, frame, length < size - FRAME ? length : size - FRAME);
    M3Result trap = m3_CallV(respond, 0, FRAME, (int32_t)length);
    int32_t result = 0;
    if (!trap) check(m3_GetResultsV(respond, &result));
    printf("%s %d ", trap ? "trap" : "result", result);
    if (trap && trap != m3Err_trapOutOfBoundsMemoryAccess) puts(trap);
    for (int32_t i = 0; i < result; i++) printf("%02x", memory[FRAME + i]);
    puts("");
    m3_FreeRuntime(runtime);
    m3_FreeEnvironment(environment);
}

int main(void)
{
    static char record_text[64], frame_text[2 * LONGEST + 1];
    static uint8_t record[32], frame[LONGEST];
    unsigned limit;
    while (scanf("%u %63s %8192s", &limit, record_text, frame_text) == 3) {
        parse_hex(record_text, record);
        answer(limit, record, frame, parse_hex(frame_text, frame));
    }
    return 0;
}
