#include "board.h"
#include "registers.h"

// 115,200 bits a second of the 12 MHz that the chip starts with: a divisor of 6 and 33/64.
static void uart_start(void)
{
    RCGC1 |= RCGC1_UART0;
    RCGC2 |= RCGC2_GPIOA;
    GPIOA_AFSEL |= 3;
    GPIOA_DEN |= 3;
    UART0_IBRD = 6;
    UART0_FBRD = 33;
    UART0_LCRH = LCRH_8_BITS_FIFO;
    UART0_CTL = CTL_ENABLE;
}

void uart_write(const char *text)
{
    for (; *text != '\0'; text++) {
        while (UART0_FR & FR_TXFF) continue;
        UART0_DR = (uint8_t)*text;
    }
}

void ethernet_start(void);

void board_start(void)
{
    uart_start();
    ethernet_start();
}

void board_fail(const char *why)
{
    uart_write(why);
    uart_write("\n");
    for (;;) __asm__ volatile("wfi");
}
