// What respond.c takes of it, where there is no operating system.
#define htons(number) __builtin_bswap16(number)
