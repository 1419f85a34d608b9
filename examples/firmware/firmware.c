// A responder at a wire: frames in, replies out, counters on the UART.
#include "board.h"
#include "config.h"
#include "core.h"

#include <string.h>

static struct {
    uint32_t frames;
    uint32_t replies;
    uint32_t passed;
    uint32_t invalid;
    uint32_t others; // replies not sent: for nodes that config.c does not name
} counters;

static void write_number(uint32_t number)
{
    char digits[11];
    char *digit = digits + sizeof digits;
    *--digit = '\0';
    do *--digit = (char)('0' + number % 10);
    while (number /= 10);
    uart_write(digit);
}

static void write_counter(const char *name, uint32_t value)
{
    uart_write(name);
    write_number(value);
}

static void write_counters(void)
{
    write_counter("frames ", counters.frames);
    write_counter(", replies ", counters.replies);
    write_counter(", passed ", counters.passed);
    write_counter(", invalid ", counters.invalid);
    write_counter(", others ", counters.others);
    uart_write("\n");
}

// The node that a reply advertises: its source address embeds it, after the network's 5 or 11 bytes.
static const uint8_t *advertised_node(const uint8_t *reply)
{
    const uint8_t *address = reply + 22;
    return address + (address[0] == 0xfc ? 5 : 11);
}

static bool is_wanted(const uint8_t node[5])
{
    static const uint8_t end[5];
    const uint8_t(*one)[5] = config_nodes;
    if (memcmp(*one, end, sizeof end) == 0) return true;
    for (; memcmp(*one, end, sizeof end) != 0; one++)
        if (memcmp(*one, node, sizeof *one) == 0) return true;
    return false;
}

static void answer(uint8_t *frame, size_t length)
{
    int32_t result = core_respond(length);
    counters.frames++;
    if (sixplane_is_invalid(result)) {
        counters.invalid++;
    } else if (sixplane_is_pass(result)) {
        counters.passed++;
    } else if (is_wanted(advertised_node(frame))) {
        counters.replies++;
        ethernet_send(frame, (size_t)result);
    } else {
        counters.others++;
    }
}

int main(void)
{
    board_start();
    uint8_t *frame = core_start();
    uart_write("sixplane answers\n");
    for (;;) {
        size_t length = ethernet_receive(frame, CORE_FRAME_CAPACITY);
        answer(frame, length);
        // The UART is slower than the wire: it has its turn when nothing else is to be done.
        if (!ethernet_waiting()) write_counters();
    }
}
