// Included before everything else, for the flat form on x86-64: what includes it so gives that form addresses below 4 GiB
// alone, those of a program's own data (-no-pie) or of a mapping there.
#include <stdint.h>

#undef UINTPTR_MAX
#define UINTPTR_MAX 0xffffffff
