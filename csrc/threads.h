/* Threads that share the work of one long loop. */
#ifndef GELU_SIMD_THREADS_H
#define GELU_SIMD_THREADS_H

/* Computes part k of a job. */
typedef void threads_work(void *job, long k);

/* Calls work(job, k) for k = 0 ... parts - 1, each once, on this thread and up to `threads` - 1 helpers,
 * and returns 1 when all are done.  Returns 0, having done nothing, if the helpers are busy with
 * another job.  `is_short` says that the job takes less time than waking a helper. */
int threads_run(threads_work *work, void *job, long parts, long threads, int is_short);

enum { THREADS_MOST = 256 };

/* How many threads one job may use, this one included: 1 to THREADS_MOST, at first 1. */
long threads_number(void);
void threads_set_number(long number);

/* How many the next job should use: that number, or that of the CPUs if it is less. */
long threads_for_job(void);

/* Takes `cpus` for the number of CPUs; 0, at first: those that this process may run on. */
void threads_set_cpus(long cpus);

#endif
