// native NETWORK NODE SLOT LENGTH < FRAMES: the median time of a reply by the rules in C, in nanoseconds, over the
// same frames that the core is asked for, lying in the same way; a lap over all of them makes one sample.
#include "../native/median.h"
#include "../native/respond.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 65536, FRAME = 18, LAPS = 16, WARMUP = 100, SAMPLES = 500 };

int main(int count, char **words)
{
    static uint8_t frames[PAGE];
    static _Alignas(16) uint8_t memory[FRAME + PAGE];
    static double samples[SAMPLES];
    struct responder responder;
    if (count != 5 || !responder_parse(&responder, words[1], words[2])) return 2;
    size_t slot = strtoul(words[3], NULL, 10);
    size_t length = strtoul(words[4], NULL, 10);
    size_t size = fread(frames, 1, sizeof frames, stdin);
    size_t laps = 0;
    size_t replies = 0;
    for (int i = -WARMUP; i < SAMPLES; i++) {
        double sum = 0;
        for (int lap = 0; lap < LAPS; lap++, laps++) {
            memcpy(memory + FRAME, frames, size);
            double start = nanoseconds();
            for (size_t at = 0; at < size; at += slot)
                replies += respond(&responder, memory + FRAME + at, length) == ADVERTISEMENT;
            sum += nanoseconds() - start;
        }
        if (i >= 0) samples[i] = sum / (double)(LAPS * (size / slot));
    }
    if (replies != laps * (size / slot)) return 1;
    printf("%f\n", median(samples, SAMPLES));
    return 0;
}
