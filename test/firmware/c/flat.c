// flat: runs the core, flat, on lines of RECORD FRAME, and prints what `respond` returned, and the reply. The record can
// only be read, and the bytes behind it, and behind the frame and its reply, belong to nobody; nor do those before them.
#include "responder-flat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, PAGES = 3 };

// A page between two that are nobody's.
static uint8_t *lonely_page(void)
{
    uint8_t *pages = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE) != 0) exit(3);
    return pages + PAGE;
}

static size_t parse_hex(const char *text, uint8_t *bytes)
{
    size_t length = strlen(text) / 2;
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) exit(2);
        bytes[i] = (uint8_t)byte;
    }
    return length;
}

// At the end of its page, or at the start.
static uint8_t *place(uint8_t *page, size_t bytes, int at_end)
{
    return at_end ? page + PAGE - bytes : page;
}

static void answer(uint8_t *record_page, uint8_t *frame_page, const char *record, const char *text, int at_end)
{
    struct sixplane_config *config = (void *)place(record_page, sizeof *config, at_end);
    mprotect(record_page, PAGE, PROT_READ | PROT_WRITE);
    parse_hex(record, (uint8_t *)config);
    mprotect(record_page, PAGE, PROT_READ);
    size_t length = strlen(text) / 2;
    uint8_t *frame = place(frame_page, length < SIXPLANE_REPLY_LENGTH ? SIXPLANE_REPLY_LENGTH : length, at_end);
    parse_hex(text, frame);
    int32_t result = responder_respond(config, frame, (uint32_t)length);
    printf("%d ", result);
    for (int32_t i = 0; i < result; i++) printf("%02x", frame[i]);
    puts("");
}

int main(void)
{
    static char record[64], frame[2 * PAGE + 1];
    uint8_t *record_page = lonely_page();
    uint8_t *frame_page = lonely_page();
    while (scanf("%63s %8192s", record, frame) == 2) {
        for (int at_end = 0; at_end < 2; at_end++) answer(record_page, frame_page, record, frame, at_end);
    }
    return 0;
}
