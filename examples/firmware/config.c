// The one file to change: which network this is, which node, and what to answer for.
#include "config.h"

// In a section of its own, so that a built image can be given another one:
// arm-none-eabi-objcopy --update-section .config=record.bin firmware.elf
__attribute__((section(".config"))) const struct sixplane_config config = {
    .network = {0x80, 0x56, 0xc2, 0xe2, 0x1c, 0x00, 0x00, 0x01},
    .node = {0x89, 0xe9, 0x2c, 0xee, 0xe5},
    .modes = SIXPLANE_MODE_6PLANE | SIXPLANE_MODE_RFC4193,
};

// {0xde, 0xad, 0xbe, 0xef, 0x01}, {0x11, 0x22, 0x33, 0x44, 0x55}, {0}: for these two alone.
const uint8_t config_nodes[][5] = {{0}};
