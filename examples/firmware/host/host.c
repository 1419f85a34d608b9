// The firmware on the machine that it is built on: frames come in as lines of hex digits, replies go out so, and the
// UART is stderr.
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void board_start(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
}

void board_fail(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

void uart_write(const char *text)
{
    fputs(text, stderr);
}

bool ethernet_waiting(void)
{
    int next = getchar();
    return next != EOF && ungetc(next, stdin) == next;
}

static int hex_digit(int character)
{
    if (character >= '0' && character <= '9') return character - '0';
    if (character >= 'a' && character <= 'f') return character - 'a' + 10;
    if (character >= 'A' && character <= 'F') return character - 'A' + 10;
    return -1;
}

static int read_byte(int first)
{
    int high = hex_digit(first);
    int low = high < 0 ? -1 : hex_digit(getchar());
    if (low < 0) board_fail("a frame must be a line of hex digits, two for each byte");
    return high << 4 | low;
}

size_t ethernet_receive(uint8_t *frame, size_t capacity)
{
    size_t length = 0;
    for (int next; (next = getchar()) != '\n'; length++) {
        if (next == EOF && length == 0) exit(0);
        if (next == EOF) break;
        int byte = read_byte(next);
        if (length < capacity) frame[length] = (uint8_t)byte;
    }
    // The checksum, for which there is room, does not come along here.
    return length > capacity - 4 ? 0 : length;
}

void ethernet_send(uint8_t *frame, size_t length)
{
    for (size_t at = 0; at < length; at++) printf("%02x", frame[at]);
    putchar('\n');
}
