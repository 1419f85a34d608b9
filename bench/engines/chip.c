// Instructions of a call, by SysTick, where the machine gives every instruction the same time (QEMU's -icount).
#include "board.h"
#include "call.h"
#include "lm3s6965/registers.h"

#include <string.h>

#define SYST_CSR REGISTER(0xe000e010)
#define SYST_RVR REGISTER(0xe000e014)
#define SYST_CVR REGISTER(0xe000e018)
enum { CSR_ENABLE_CORE_CLOCK = 5, LONGEST = 0xffffff };

enum { ROUNDS = 1000 };

// run.js's, as 0x.., 0x..
static const uint8_t record[RECORD_BYTES] = {RECORD_TEXT};
static const uint8_t question[] = {QUESTION_TEXT};

static uint32_t ticks;

static void start(void)
{
    SYST_RVR = LONGEST;
    SYST_CVR = 0;
    SYST_CSR = CSR_ENABLE_CORE_CLOCK;
    ticks = SYST_CVR;
}

static uint32_t elapsed(void)
{
    return (ticks - SYST_CVR) & LONGEST;
}

static void write_number(const char *name, uint32_t number)
{
    char digits[11];
    char *digit = digits + sizeof digits;
    *--digit = '\0';
    do *--digit = (char)('0' + number % 10);
    while (number /= 10);
    uart_write(name);
    uart_write(digit);
    uart_write("\n");
}

// Two instructions a round: how long one takes.
static uint32_t calibrate(void)
{
    start();
    for (int i = 0; i < ROUNDS; i++)
        __asm__ volatile("mov r0, #1000 \n 1: subs r0, #1 \n bne 1b" ::: "r0", "cc");
    return elapsed();
}

static __attribute__((noinline)) int32_t nothing(size_t at)
{
    __asm__ volatile("" : "+r"(at));
    return NEIGHBOUR ? 1 : LENGTH;
}

static uint32_t measure(int32_t (*function)(size_t), uint8_t *place)
{
    start();
    for (int i = 0; i < ROUNDS; i++) {
        memcpy(place, question, sizeof question);
        if (!SUCCESS(function(0))) board_fail("no reply");
    }
    return elapsed();
}

int main(void)
{
    board_start();
    uint8_t *place = call_start(record);
    // wasm3 compiles a function when it is called first.
    measure(call, place);
    write_number("million ", calibrate());
    write_number("loop ", measure(nothing, place));
    write_number("calls ", measure(call, place));
    uart_write("done\n");
    for (;;) __asm__ volatile("wfi");
}
