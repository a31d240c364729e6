/* The pool from several threads at once, with short and long jobs of few and many parts, for
 * ThreadSanitizer.  Each part must be done once, and its results and exceptions be the caller's.
 *
 * Built and run by .ci/sanitize.
 */
#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "threads.h"

enum { CALLERS = 4, JOBS = 3000, MOST_PARTS = 40 };

typedef struct {
    int done[MOST_PARTS];
    long overflowing; /* a part, or none */
} task;

static void part(void *job, long k)
{
    task *t = job;
    volatile float x = k == t->overflowing ? 3e38f : 1.0f;
    for (int i = 0; i < 300; i++) /* so long that helpers are in time */
        x = 2 * x - x;
    t->done[k]++;
}

/* 0 to n - 1; the state is the caller's. */
static long random_below(unsigned *state, long n)
{
    *state = *state * 1664525u + 1013904223u;
    return (long)(*state >> 8) % n;
}

static void *call(void *seed)
{
    unsigned state = *(unsigned *)seed;
    int failed = 0;
    for (int i = 0; i < JOBS; i++) {
        task t;
        const long parts = 1 + random_below(&state, MOST_PARTS);
        memset(&t, 0, sizeof t);
        t.overflowing = random_below(&state, 2 * parts);
        feclearexcept(FE_ALL_EXCEPT);
        if (!random_below(&state, 10)) {
            threads_set_number(1 + random_below(&state, 6));
            threads_set_cpus(random_below(&state, 8));
        }
        while (!threads_run(part, &t, parts, threads_for_job(), (int)random_below(&state, 2)))
            sched_yield();
        for (long k = 0; k < MOST_PARTS; k++)
            failed |= t.done[k] != (k < parts);
        failed |= !fetestexcept(FE_OVERFLOW) != (t.overflowing >= parts);
    }
    return failed ? seed : NULL;
}

int main(void)
{
    pthread_t callers[CALLERS];
    unsigned seeds[CALLERS];
    int failed = 0;
    for (unsigned i = 0; i < CALLERS; i++) {
        seeds[i] = i;
        failed |= pthread_create(&callers[i], NULL, call, &seeds[i]);
    }
    void *result;
    for (int i = 0; i < CALLERS; i++)
        failed |= pthread_join(callers[i], &result) || result;
    return failed != 0;
}
