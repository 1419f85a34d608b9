// The same small functions for every target, so that they count alike.
#include <stddef.h>

int memcmp(const void *a, const void *b, size_t length)
{
    const unsigned char *one = a, *other = b;
    for (; length > 0; length--, one++, other++)
        if (*one != *other) return *one - *other;
    return 0;
}

void *memcpy(void *to, const void *from, size_t length)
{
    unsigned char *place = to;
    for (const unsigned char *byte = from; length > 0; length--) *place++ = *byte++;
    return to;
}

void *memset(void *to, int value, size_t length)
{
    for (unsigned char *place = to; length > 0; length--) *place++ = (unsigned char)value;
    return to;
}
