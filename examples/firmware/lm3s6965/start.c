// From reset to main.
#include "board.h"

#include <stdlib.h>
#include <string.h>

int main(void);

// The linker script's.
extern uint8_t stack_top[], data_start[], data_end[], data_load[], bss_start[], bss_end[];

_Noreturn void reset(void)
{
    // Interrupts only end waiting (ethernet.c): none is ever taken, so the table below needs no handlers for them.
    __asm__ volatile("cpsid i");
    memcpy(data_start, data_load, (size_t)(data_end - data_start));
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
    main();
    for (;;) continue;
}

// Also where the stack runs over: it lies at the very bottom of the RAM.
static _Noreturn void fault(void)
{
    for (;;) __asm__ volatile("wfi");
}

// The C library's would ask for an operating system.
void abort(void)
{
    fault();
}

// What the core reads at reset, and where it goes on NMI and on all faults.
__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    stack_top,
    (const void *)reset,
    (const void *)fault,
    (const void *)fault,
};
