// What respond.c needs of the C library, for targets without one.
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

int memcmp(const void *a, const void *b, size_t length);
void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
size_t strlen(const char *text);

#endif
