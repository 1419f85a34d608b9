// The clock and the median of the benchmarks in C.
#ifndef MEDIAN_H
#define MEDIAN_H

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

// Of a clock that nobody sets.
static inline double nanoseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static inline int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

// Sorts the samples.
static inline double median(double *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, by_size);
    return samples[count / 2];
}

#endif
