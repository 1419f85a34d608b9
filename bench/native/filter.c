// The rules of respond.c over stdin, for the test that holds them against the core: of each question the 16
// bytes of a config record, a length in two bytes and the frame, of each answer two bytes of `respond`'s
// result and the frame's bytes after it. Numbers are in the machine's own order.
#include "respond.h"

#include <stdio.h>
#include <stdlib.h>

// A place of exactly the bytes that the rules may touch: a sanitizer sees every other.
static uint8_t *frame_of(size_t length)
{
    uint8_t *frame = malloc(length < ADVERTISEMENT ? ADVERTISEMENT : length);
    if (frame == NULL) exit(1);
    return frame;
}

int main(void)
{
    uint8_t record[16];
    uint16_t length;
    while (fread(record, sizeof record, 1, stdin) == 1 && fread(&length, sizeof length, 1, stdin) == 1) {
        uint8_t *frame = frame_of(length);
        if (fread(frame, 1, length, stdin) != length) return 1;
        struct responder responder;
        responder_init(&responder, record, record + 8, record[13]);
        int16_t result = (int16_t)respond(&responder, frame, length);
        fwrite(&result, sizeof result, 1, stdout);
        fwrite(frame, 1, result > 0 ? (size_t)result : length, stdout);
        free(frame);
    }
    return 0;
}
