// What the firmware needs of what it runs on: lm3s6965/, or host/ where there is no chip.
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void board_start(void);

// Says why, and stops.
_Noreturn void board_fail(const char *why);

// Waits for a frame and gives its length, without the checksum; 0 for one that is longer than the buffer. The buffer
// takes a checksum, too, and the two bytes before it, on a multiple of four, are the controller's.
size_t ethernet_receive(uint8_t *frame, size_t capacity);

// Whether a frame has come in already.
bool ethernet_waiting(void);

// Sends a frame, and may write the two bytes before it.
void ethernet_send(uint8_t *frame, size_t length);

void uart_write(const char *text);

#endif
