// The second device.
#include "device.h"

__attribute__((section(".config"))) const struct sixplane_config config = {
    .network = {0x80, 0x56, 0xc2, 0xe2, 0x1c, 0x00, 0x00, 0x01},
    .node = {0x11, 0x22, 0x33, 0x44, 0x55},
    .modes = SIXPLANE_MODE_6PLANE | SIXPLANE_MODE_RFC4193,
};

const char *const config_peers[] = {
    "fc9c:56c2:e3de:adbe:ef01::1", // the first device
    "fd80:56c2:e21c:0:199:9389:e92c:eee5", // Linux
    0,
};
