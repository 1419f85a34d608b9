// The registers that are used of the LM3S6965 (its data sheet: chapters 3, 5, 12, 15).
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

// System control: which clocks run.
#define RCGC1 REGISTER(0x400fe104)
#define RCGC2 REGISTER(0x400fe108)
enum { RCGC1_UART0 = 1 << 0, RCGC2_GPIOA = 1 << 0, RCGC2_EMAC0 = 1 << 28, RCGC2_EPHY0 = 1 << 30 };

// GPIO port A, whose pins 0 and 1 are the UART's.
#define GPIOA_AFSEL REGISTER(0x40004420)
#define GPIOA_DEN REGISTER(0x4000451c)

#define UART0_DR REGISTER(0x4000c000)
#define UART0_FR REGISTER(0x4000c018)
#define UART0_IBRD REGISTER(0x4000c024)
#define UART0_FBRD REGISTER(0x4000c028)
#define UART0_LCRH REGISTER(0x4000c02c)
#define UART0_CTL REGISTER(0x4000c030)
enum { FR_TXFF = 1 << 5, LCRH_8_BITS_FIFO = 0x70, CTL_ENABLE = 0x301 };

#define MAC_RIS REGISTER(0x40048000) // written: acknowledges
#define MAC_IM REGISTER(0x40048004)
#define MAC_RCTL REGISTER(0x40048008)
#define MAC_TCTL REGISTER(0x4004800c)
#define MAC_DATA REGISTER(0x40048010)
#define MAC_NP REGISTER(0x40048034)
#define MAC_TR REGISTER(0x40048038)
enum { MAC_INT_RX = 1 << 0 };
enum { RCTL_RXEN = 1 << 0, RCTL_AMUL = 1 << 1, RCTL_PRMS = 1 << 2, RCTL_BADCRC = 1 << 3, RCTL_RSTFIFO = 1 << 4 };
enum { TCTL_TXEN = 1 << 0, TCTL_PADEN = 1 << 1, TCTL_CRC = 1 << 2, TCTL_DUPLEX = 1 << 3 };
enum { TR_NEWTX = 1 << 0 };

// The Cortex-M3's interrupt controller, registers for interrupts 32 to 63: the Ethernet controller's is 42.
#define NVIC_ISER1 REGISTER(0xe000e104)
#define NVIC_ICPR1 REGISTER(0xe000e284)
enum { NVIC1_ETHERNET = 1 << (42 - 32) };

#endif
