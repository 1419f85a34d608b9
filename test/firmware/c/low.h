// Included before everything else, for the flat form on x86-64: flat.c gives it addresses below 4 GiB alone.
#include <stdint.h>

#undef UINTPTR_MAX
#define UINTPTR_MAX 0xffffffff
