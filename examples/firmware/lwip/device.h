// What a device is: first.c or second.c.
#ifndef DEVICE_H
#define DEVICE_H

#include "sixplane.h"

extern const struct sixplane_config config;

// Whom it greets: addresses as text, and NULL after the last.
extern const char *const config_peers[];

#endif
