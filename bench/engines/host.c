// host < RECORD, then SLOTS slots: the median time of a call, in nanoseconds. What is asked lies there before each lap
// anew; a lap over all slots makes one sample.
#include "../native/median.h"
#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAPS = 16, WARMUP = 20, SAMPLES = 200 };

int main(void)
{
    static uint8_t record[RECORD_BYTES];
    static uint8_t questions[INPUT_BYTES];
    static double samples[SAMPLES];
    if (fread(record, sizeof record, 1, stdin) != 1 || fread(questions, sizeof questions, 1, stdin) != 1) return 2;
    uint8_t *place = call_start(record);
    for (int i = -WARMUP; i < SAMPLES; i++) {
        double sum = 0;
        for (int lap = 0; lap < LAPS; lap++) {
            int successes = 0;
            memcpy(place, questions, sizeof questions);
            double start = nanoseconds();
            for (size_t at = 0; at < sizeof questions; at += SLOT) successes += SUCCESS(call(at));
            sum += nanoseconds() - start;
            if (successes != SLOTS) return 1;
        }
        if (i >= 0) samples[i] = sum / (LAPS * SLOTS);
    }
    printf("%f\n", median(samples, SAMPLES));
    return 0;
}
