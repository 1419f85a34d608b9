// lwIP's clock is the processor's SysTick. As interrupts are masked, a tick only ends wfi.
#include "board.h"
#include "interface.h"
#include "lm3s6965/registers.h"

#include "lwip/sys.h"

#define SYST_CSR REGISTER(0xe000e010)
#define SYST_RVR REGISTER(0xe000e014)
#define SYST_CVR REGISTER(0xe000e018)
#define SCB_ICSR REGISTER(0xe000ed04)
enum { CSR_ENABLE = 7, CSR_HAS_TICKED = 1 << 16, ICSR_FORGET_TICK = 1 << 25 };

enum { FREQUENCY = 12000000, TICK = 10 }; // hertz, and milliseconds

static u32_t milliseconds;

void clock_start(void)
{
    SYST_RVR = FREQUENCY / 1000 * TICK - 1;
    SYST_CVR = 0;
    SYST_CSR = CSR_ENABLE;
}

// To be called at least once in a tick: a frame takes less.
u32_t sys_now(void)
{
    if (SYST_CSR & CSR_HAS_TICKED) milliseconds += TICK;
    return milliseconds;
}

void clock_wait(void)
{
    MAC_RIS = MAC_INT_RX;
    NVIC_ICPR1 = NVIC1_ETHERNET;
    SCB_ICSR = ICSR_FORGET_TICK;
    u32_t before = milliseconds;
    // What came since then is pending, and ends wfi.
    if (!ethernet_waiting() && sys_now() == before) __asm__ volatile("wfi");
}
