/* Every loop of every level from several threads at once, on the same inputs, for ThreadSanitizer.
 * The loops are long enough to be shared by the pool, which serves one of the threads at a time.
 *
 * Built and run by .ci/sanitize.
 */
#include <pthread.h>
#include <string.h>

#include "loops.h"
#include "threads.h"

enum { THREADS = 4, LENGTH = 1 << 16, BYTES = LENGTH * 2 * sizeof(double) };

static char inputs[GELU_SIMD_MAX_INPUTS][BYTES];
static char outputs[THREADS][GELU_SIMD_MAX_OUTPUTS][BYTES];
static pthread_barrier_t together;
static const gelu_simd_table *level;

static void *work(void *results)
{
    char name[GELU_SIMD_CPU_NAME_SIZE];
    pthread_barrier_wait(&together);
    gelu_simd_cpu_name(name);
    for (int f = 0; f < GELU_SIMD_NUM_FUNCTIONS; f++)
        for (int t = 0; t < GELU_SIMD_NUM_TYPES; t++)
            for (ptrdiff_t step = 1; step <= 2 && has_type(f, t); step++) {
                char *args[GELU_SIMD_MAX_OPERANDS];
                ptrdiff_t strides[GELU_SIMD_MAX_OPERANDS];
                for (int k = 0; k < GELU_SIMD_MAX_OPERANDS; k++) {
                    const int out = k - gelu_simd_functions[f].inputs;
                    args[k] = out < 0 ? inputs[k] : (char *)results + out * BYTES;
                    strides[k] = step * gelu_simd_types[t].size;
                    if (out + 1 == gelu_simd_functions[f].outputs)
                        break;
                }
                call_loop(level, f, t, args, LENGTH, strides);
            }
    return NULL;
}

int main(void)
{
    int failed = pthread_barrier_init(&together, NULL, THREADS);
    memset(inputs, 0x3e, sizeof inputs);
    threads_set_number(3);
    threads_set_cpus(3);
    for (const gelu_simd_table *const *levels = gelu_simd_available(); *levels; levels++) {
        pthread_t threads[THREADS];
        level = *levels;
        for (int i = 0; i < THREADS; i++)
            failed |= pthread_create(&threads[i], NULL, work, outputs[i]);
        for (int i = 0; i < THREADS; i++)
            failed |= pthread_join(threads[i], NULL);
        for (int i = 1; i < THREADS; i++)
            failed |= memcmp(outputs[i], outputs[0], sizeof outputs[0]);
    }
    return failed != 0;
}
