// A call of the core, whatever runs it: `respond`, or where NEIGHBOUR is 1, `neighbour`. CORE_NAME and CORE_HEADER are
// the build's, SLOTS is how much is asked in turn.
#ifndef CALL_H
#define CALL_H

#include <stddef.h>
#include <stdint.h>

// What is asked lies in slots: a solicitation of 86 bytes, two bytes behind a multiple of four, or an address.
enum { BEFORE = 2, SLOT = 88, INPUT_BYTES = SLOTS * SLOT, LENGTH = 86, MAC_BYTES = 6, RECORD_BYTES = 16 };

// The same, where the engine has a memory of its own.
enum { RECORD = 0, INPUT = RECORD_BYTES + BEFORE, OUT = INPUT + INPUT_BYTES, MEMORY = OUT + MAC_BYTES };

// Starts the engine, and gives the place for what is asked: INPUT_BYTES.
uint8_t *call_start(const uint8_t record[RECORD_BYTES]);

// Asks for what lies so far behind that place.
int32_t call(size_t at);

#define CALL_JOIN_(a, b) a##b
#define CALL_JOIN(a, b) CALL_JOIN_(a, b)

#if NEIGHBOUR
#define FUNCTION _neighbour
#define FUNCTION_NAME "neighbour"
#define LAST_NUMBER OUT
#define LAST_POINTER out
#define SUCCESS(result) ((result) == 1 || (result) == 2)
#else
#define FUNCTION _respond
#define FUNCTION_NAME "respond"
#define LAST_NUMBER LENGTH
#define LAST_POINTER LENGTH
#define SUCCESS(result) ((result) == LENGTH)
#endif

#endif
