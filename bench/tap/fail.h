#ifndef FAIL_H
#define FAIL_H

#include <stdio.h>
#include <stdlib.h>

// Ends the program with what errno says.
static inline void fail(const char *what)
{
    perror(what);
    exit(1);
}

#endif
