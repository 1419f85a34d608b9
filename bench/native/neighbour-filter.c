// The rules of neighbour.c over stdin, for the test that holds them against the core: of each question the 16 bytes of a
// config record and the 16 of an address, of each answer the mode and the 6 bytes of the MAC, which are a5 unless written.
#include "neighbour.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
    uint8_t question[32];
    while (fread(question, sizeof question, 1, stdin) == 1) {
        uint8_t answer[7];
        memset(answer, 0xa5, sizeof answer);
        answer[0] = (uint8_t)neighbour(question, question + 16, answer + 1);
        fwrite(answer, sizeof answer, 1, stdout);
    }
    return 0;
}
