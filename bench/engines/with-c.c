// The same rules, written in C: ../native.
#include "../native/neighbour.h"
#include "../native/respond.h"
#include "call.h"

static _Alignas(4) uint8_t buffer[BEFORE + INPUT_BYTES];
#if NEIGHBOUR
static const uint8_t *known;
static uint8_t out[MAC_BYTES];
#else
static struct responder responder;
#endif

uint8_t *call_start(const uint8_t record[RECORD_BYTES])
{
#if NEIGHBOUR
    known = record;
#else
    responder_init(&responder, record, record + 8, record[13]);
#endif
    return buffer + BEFORE;
}

int32_t call(size_t at)
{
#if NEIGHBOUR
    return neighbour(known, buffer + BEFORE + at, out);
#else
    return respond(&responder, buffer + BEFORE + at, LENGTH);
#endif
}
