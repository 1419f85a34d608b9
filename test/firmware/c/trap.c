// trap: runs the core, as C by wasm2c, in a memory of WASM_RT_MEMORY_SIZE bytes, the record at 0 and the frame at 16,
// on lines of RECORD FRAME, and prints what `respond` returned, or that it trapped.
#include "responder-wasm2c.h"
#include "sixplane.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

static jmp_buf before;

void wasm_rt_trap(wasm_rt_trap_t trap)
{
    longjmp(before, (int)trap);
}

static void parse_hex(const char *text, uint8_t *bytes, const uint8_t *end)
{
    for (; *text != '\0' && bytes < end; text += 2) {
        unsigned byte;
        if (sscanf(text, "%2x", &byte) != 1) exit(2);
        *bytes++ = (uint8_t)byte;
    }
}

int main(void)
{
    static w2c_responder core;
    static char record[64], frame[8193];
    wasm2c_responder_instantiate(&core);
    uint8_t *memory = core.w2c_memory.data;
    while (scanf("%63s %8192s", record, frame) == 2) {
        parse_hex(record, memory, memory + SIXPLANE_CONFIG_LENGTH);
        parse_hex(frame, memory + SIXPLANE_CONFIG_LENGTH, memory + sizeof core.w2c_memory.data);
        uint32_t length = 0;
        while (frame[2 * length] != '\0') length++;
        int trap = setjmp(before);
        if (trap) printf("trap %d\n", trap);
        else printf("result %d\n", (int32_t)w2c_responder_respond(&core, 0, SIXPLANE_CONFIG_LENGTH, length));
    }
    return 0;
}
