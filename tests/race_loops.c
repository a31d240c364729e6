/* Every loop of every level from several threads at once, on the same inputs, for ThreadSanitizer.
 *
 * Built and run by .ci/sanitize.
 */
#include <pthread.h>
#include <string.h>

#include "gelu_simd.h"

enum { THREADS = 4, LENGTH = 1100, BYTES = LENGTH * 2 * sizeof(double) };

static const ptrdiff_t sizes[] = {
    [GELU_SIMD_f64] = 8, [GELU_SIMD_f32] = 4, [GELU_SIMD_f16] = 2, [GELU_SIMD_bf16] = 2};
static char inputs[2][BYTES];
static char outputs[THREADS][BYTES];
static pthread_barrier_t together;

static void *work(void *out)
{
    char name[GELU_SIMD_CPU_NAME_SIZE];
    pthread_barrier_wait(&together);
    gelu_simd_cpu_name(name);
    for (const gelu_simd_table *const *level = gelu_simd_available(); *level; level++)
        for (int f = 0; f < GELU_SIMD_NUM_FUNCTIONS; f++)
            for (int t = 0; t < GELU_SIMD_NUM_TYPES; t++)
                for (ptrdiff_t step = 1; step <= 2; step++) {
                    const ptrdiff_t stride = step * sizes[t], strides[] = {stride, stride, stride};
                    char *args[] = {inputs[0], inputs[1], out};
                    args[gelu_simd_functions[f].inputs] = out;
                    (*level)->loops[f][t](args, LENGTH, strides);
                }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    int failed = pthread_barrier_init(&together, NULL, THREADS);
    memset(inputs, 0x3e, sizeof inputs);
    for (int i = 0; i < THREADS; i++)
        failed |= pthread_create(&threads[i], NULL, work, outputs[i]);
    for (int i = 0; i < THREADS; i++)
        failed |= pthread_join(threads[i], NULL);
    for (int i = 1; i < THREADS; i++)
        failed |= memcmp(outputs[i], outputs[0], BYTES);
    return failed != 0;
}
