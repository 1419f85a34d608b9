// The first device.
#include "device.h"

__attribute__((section(".config"))) const struct sixplane_config config = {
    .network = {0x80, 0x56, 0xc2, 0xe2, 0x1c, 0x00, 0x00, 0x01},
    .node = {0xde, 0xad, 0xbe, 0xef, 0x01},
    .modes = SIXPLANE_MODE_6PLANE | SIXPLANE_MODE_RFC4193,
};

const char *const config_peers[] = {
    "fc9c:56c2:e311:2233:4455::1", // the second device
    "fd80:56c2:e21c:0:199:9311:2233:4455", // the same in the other mode
    "fc9c:56c2:e389:e92c:eee5::1", // Linux
    0,
};
