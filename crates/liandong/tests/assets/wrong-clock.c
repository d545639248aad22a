/* A machine whose clock goes wrong: what the system says, and besides the seconds in the first line (of the
   time of day) and in the second (of what has passed) of the file named by WRONG_CLOCK. For the tests. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *at) {
    long said = syscall(SYS_clock_gettime, clock, at);
    const char *path = getenv("WRONG_CLOCK");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (file) {
        long of_day = 0, of_passing = 0;
        if (fscanf(file, "%ld %ld", &of_day, &of_passing) == 2) {
            at->tv_sec += clock == CLOCK_REALTIME ? of_day : of_passing;
        }
        fclose(file);
    }
    return (int)said;
}
