// The Ethernet controller, whose FIFOs take and give frames as words: first two bytes of length, then the frame.
#include "board.h"
#include "registers.h"

#include <string.h>

// What the controller counts into a received frame's length: the length itself, and the checksum.
enum { LENGTH = 2, CHECKSUM = 4 };

// What it does not count into the length of a frame to send.
enum { ETHERNET_HEADER = 14 };

void ethernet_start(void);

void ethernet_start(void)
{
    RCGC2 |= RCGC2_EMAC0 | RCGC2_EPHY0;
    MAC_RCTL = RCTL_RSTFIFO;
    // Everything on the wire: solicitations go to groups, probes to the MACs of others.
    MAC_RCTL = RCTL_RXEN | RCTL_AMUL | RCTL_PRMS | RCTL_BADCRC;
    MAC_TCTL = TCTL_TXEN | TCTL_PADEN | TCTL_CRC | TCTL_DUPLEX;
    MAC_IM = MAC_INT_RX;
    NVIC_ISER1 = NVIC1_ETHERNET;
}

bool ethernet_waiting(void)
{
    return MAC_NP != 0;
}

// An interrupt that is pending, though masked, ends wfi. One that comes after the acknowledgement does, too.
static void wait_for_frame(void)
{
    for (;;) {
        MAC_RIS = MAC_INT_RX;
        NVIC_ICPR1 = NVIC1_ETHERNET;
        if (ethernet_waiting()) return;
        __asm__ volatile("wfi");
    }
}

size_t ethernet_receive(uint8_t *frame, size_t capacity)
{
    wait_for_frame();
    uint32_t word = MAC_DATA;
    size_t size = word & 0xffff;
    uint8_t *start = frame - LENGTH;
    for (size_t at = 0;;) {
        if (at + sizeof word <= LENGTH + capacity) memcpy(start + at, &word, sizeof word);
        at += sizeof word;
        if (at >= size) break;
        word = MAC_DATA;
    }
    if (size < LENGTH + CHECKSUM || size > LENGTH + capacity) return 0;
    return size - LENGTH - CHECKSUM;
}

void ethernet_send(uint8_t *frame, size_t length)
{
    while (MAC_TR & TR_NEWTX) continue;
    uint8_t *start = frame - LENGTH;
    uint16_t payload = (uint16_t)(length - ETHERNET_HEADER);
    memcpy(start, &payload, sizeof payload);
    for (size_t at = 0; at < LENGTH + length; at += sizeof(uint32_t)) {
        uint32_t word;
        memcpy(&word, start + at, sizeof word);
        MAC_DATA = word;
    }
    MAC_TR = TR_NEWTX;
}
