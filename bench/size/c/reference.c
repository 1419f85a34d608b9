// The rules of ../../native/respond.c behind the core's ABI, in one unit, which the compiler makes smallest: what
// the core's builds are compared with.
#include "../../native/respond.c"

int respond_by_record(const uint8_t record[16], uint8_t *frame, int length)
{
    struct responder responder;
    responder_init(&responder, record, record + 8, record[13]);
    return respond(&responder, frame, length < 0 ? 0 : (size_t)length);
}
