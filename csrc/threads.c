/* A pool of helper threads for the parts of one job at a time.
 *
 * Why it is ours: OpenMP's runtimes would have to be shipped in the wheels, differ by compiler, and
 * GNU's hangs in a child forked after its first use; C11's threads are missing from macOS and from
 * older C libraries; Python's own functions start a thread that nothing but a lock can wait for, and
 * need the interpreter's headers below the kernels.  What is used of POSIX and of Windows is a mutex,
 * a condition variable and the start of a thread.
 *
 * The helpers start with the first job that has work for them and never end.  They hold no state of
 * Python and take no signal.  Between jobs they look for the next one for SPIN_US and then sleep: an
 * idle process uses no time.  A thread whose job would have to wait for another's does its job alone.
 *
 * Waking a helper takes the caller 5 to 15 us, and 30 to 80 us pass before the helper works (Linux in
 * a virtual machine).  So a short job goes to helpers that are awake, or wakes them when it is one of
 * a series: when the two gaps before it were so short that helpers would not have slept.  Otherwise
 * the caller does parts alone until the time they take tells that the rest is worth waking helpers.
 *
 * A helper that wakes on its caller's CPU moves to another one.
 *
 * A helper that wakes for a job wakes up to two more.  So many helpers are at work soon, and no more
 * are woken than the job lasts for.
 *
 * Each thread has a range of the parts to itself, the same in a series of equal jobs: its part of the
 * arrays stays in its CPU's caches, and is read in one go.  The parts are handed out one by one, so a
 * thread that the system delays takes fewer of them: who is done with a range takes parts of others.
 * A job ends when all parts are done; a helper that wakes too late finds it closed.
 *
 * No more threads are used than there are CPUs that the process may run on: with 8 on 2 CPUs a job of
 * 100 us took 1.3 to 2.7 times as long by median.  A control group's quota of time is no such bound:
 * with the time of 1 CPU in 100 ms, a series of calls took as long on 2 threads as on 1.  The number
 * at import is lowered by it.
 *
 * After fork the child has no helpers, whatever they were doing in the parent: it starts its own.
 *
 * Tried for jobs of 1 and 4 MiB (float32 gelu on 2 cores of Zen 4, fastest runs, times over those of
 * one thread):
 *
 *   16 parts from one counter               0.51 to 0.58   0.50 to 0.53
 *   64 parts from one counter               0.69           0.55
 *   16 to 64 parts, a range for a thread    0.51 to 0.53   0.51       kept, 32 parts
 *
 * Neighbouring parts on different CPUs take turns with the lines that each CPU fetches in advance.
 *
 * Tried for float32 arrays of 64 Mi numbers, which no cache holds, on both threads; the fastest tenth
 * of 70 calls over that of the kernels as they are, for gelu_tanh and gelu: streaming stores 1.10 and
 * 1.12; fetching 2 KiB in advance 1.09 and 1.10; both 1.10 and 1.13; the latter past the caches 1.10
 * and 1.13; memcpy 1.00 and 0.98.  For the half types, which take twice as long as memcpy, stores
 * cost up to 1.2 and the rest gained nothing that repeated.  So none is kept.
 */
#if defined(__linux__)
#define _GNU_SOURCE /* pthread_setname_np, sched_getaffinity */
#endif

#include "threads.h"

#include <stddef.h>
#include <string.h>

#include "atomic.h"
#include "simd/fp_mode.h"

enum {
    SPIN_US = 20,   /* about as long as it takes to wake a thread */
    SERIES = 2,     /* short gaps after which short jobs wake helpers */
    WORTH_US = 100, /* of work on one thread: worth waking helpers */
    WAKES = 2,      /* helpers that a thread wakes for a job */
    CPUS_JOBS = 64  /* jobs between two looks at the CPUs: a system call */
};

/* ---- the systems' names ---- */

#ifdef _WIN32

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

typedef SRWLOCK mutex;
typedef CONDITION_VARIABLE condition;
#define MUTEX_INIT SRWLOCK_INIT
#define CONDITION_INIT CONDITION_VARIABLE_INIT
#define THREAD_RESULT DWORD WINAPI

static void lock(mutex *m) { AcquireSRWLockExclusive(m); }
static int try_lock(mutex *m) { return TryAcquireSRWLockExclusive(m); }
static void unlock(mutex *m) { ReleaseSRWLockExclusive(m); }
static void wait_for(condition *c, mutex *m) { SleepConditionVariableSRW(c, m, INFINITE, 0); }
static void wake_one(condition *c) { WakeConditionVariable(c); }
static void wake_all(condition *c) { WakeAllConditionVariable(c); }

/* A clock that wraps around; reading it is no system call. */
static unsigned long now_us(void)
{
    LARGE_INTEGER ticks, frequency;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&frequency);
    return (unsigned long)((double)ticks.QuadPart * 1e6 / (double)frequency.QuadPart);
}

/* Windows names threads from version 10 on. */
static void name_thread(HANDLE thread)
{
    typedef HRESULT(WINAPI * set_description)(HANDLE, PCWSTR);
    const HMODULE kernel = GetModuleHandleA("kernel32.dll");
    const FARPROC set = kernel ? GetProcAddress(kernel, "SetThreadDescription") : NULL;
    if (set)
        ((set_description)(void (*)(void))set)(thread, L"gelu_simd");
}

static int start_thread(LPTHREAD_START_ROUTINE run)
{
    const HANDLE thread = CreateThread(NULL, 0, run, NULL, 0, NULL);
    if (!thread)
        return 0;
    name_thread(thread);
    CloseHandle(thread);
    return 1;
}

static void name_this_thread(void) {}

/* A process that may use all CPUs of its group may use the other groups' too. */
static long usable_cpus(void)
{
    DWORD_PTR own, all;
    long count = 0;
    if (!GetProcessAffinityMask(GetCurrentProcess(), &own, &all) || own == all)
        return (long)GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    for (; own; own &= own - 1)
        count++;
    return count;
}

static int register_fork(void) { return 1; }

#else

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

typedef pthread_mutex_t mutex;
typedef pthread_cond_t condition;
#define MUTEX_INIT PTHREAD_MUTEX_INITIALIZER
#define CONDITION_INIT PTHREAD_COND_INITIALIZER
#define THREAD_RESULT void *

static void lock(mutex *m) { pthread_mutex_lock(m); }
static int try_lock(mutex *m) { return pthread_mutex_trylock(m) == 0; }
static void unlock(mutex *m) { pthread_mutex_unlock(m); }
static void wait_for(condition *c, mutex *m) { pthread_cond_wait(c, m); }
static void wake_one(condition *c) { pthread_cond_signal(c); }
static void wake_all(condition *c) { pthread_cond_broadcast(c); }

/* A clock that wraps around; reading it is no system call. */
static unsigned long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned long)t.tv_sec * 1000000 + (unsigned long)t.tv_nsec / 1000;
}

/* A helper inherits that signals are blocked, so that they reach the threads of the program: all but
 * those of its own faults, for which the program may have handlers. */
static int start_thread(void *(*run)(void *))
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t blocked, former;
    int failed = pthread_attr_init(&attributes);
    if (failed)
        return 0;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&blocked);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    sigdelset(&blocked, SIGSEGV);
    pthread_sigmask(SIG_SETMASK, &blocked, &former);
    failed = pthread_create(&thread, &attributes, run, NULL);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    pthread_attr_destroy(&attributes);
    return !failed;
}

static void name_this_thread(void)
{
#if defined(__APPLE__)
    pthread_setname_np("gelu_simd");
#elif defined(__linux__)
    pthread_setname_np(pthread_self(), "gelu_simd");
#endif
}

/* Of the process, not of the calling thread: helpers stay where their starter was allowed to run. */
static long usable_cpus(void)
{
#ifdef __linux__
    cpu_set_t cpus[8]; /* 8192 CPUs: as many as Linux can be built for */
    if (sched_getaffinity(getpid(), sizeof cpus, cpus) == 0)
        return CPU_COUNT_S(sizeof cpus, cpus);
#endif
    return sysconf(_SC_NPROCESSORS_ONLN);
}

static void forget_helpers(void);

/* Has every child of a fork forget the helpers; returns 0 if that cannot be arranged.  The first calls
 * of two threads may both register: forgetting twice does no harm. */
static int register_fork(void)
{
    static atomic_long_t is_registered;
    if (!ATOMIC_LOAD(&is_registered) && pthread_atfork(NULL, NULL, forget_helpers) == 0)
        ATOMIC_STORE(&is_registered, 1);
    return ATOMIC_LOAD(&is_registered) != 0;
}

#endif

#ifdef __linux__

static int current_cpu(void) { return sched_getcpu(); }

/* Moves this thread to another CPU if it is on this one.
 *
 * Linux wakes a thread on the CPU where it ran last, or on an idle one beside it.  On few CPUs that are
 * busy it does not look for an idle one.  A helper that ran once where its caller does then comes back
 * there with every job and takes the caller's time: a series of jobs of 25 us took 51 us each on 2
 * CPUs, and 13 us with this.  The helper may use the same CPUs afterwards as before. */
static void leave_cpu(int cpu)
{
    cpu_set_t all[8], others[8];
    if (sched_getcpu() != cpu || sched_getaffinity(0, sizeof all, all) != 0)
        return;
    memcpy(others, all, sizeof all);
    CPU_CLR_S((size_t)cpu, sizeof others, others);
    if (sched_setaffinity(0, sizeof others, others) == 0)
        sched_setaffinity(0, sizeof all, all);
}

#else

static int current_cpu(void) { return -1; }
static void leave_cpu(int cpu) { (void)cpu; }

#endif

/* Tells the processor that a loop waits. */
#if defined(_WIN32)
#define PAUSE() YieldProcessor()
#elif defined(__x86_64__) || defined(__i386__)
#define PAUSE() __asm__ volatile("pause")
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE() ((void)0)
#endif

/* ---- the pool ---- */

/* A job from a part on, in ranges of parts. */
typedef struct {
    threads_work *work;
    void *job;
    long first, parts, ranges;
} shared_job;

typedef struct {
    mutex owner; /* held by the thread whose job it is */
    mutex state; /* guards what follows, down to the condition variables */
    shared_job job;
    int cpu;        /* where the job's caller ran */
    int is_open;    /* whether helpers may still take the job */
    long helpers;   /* started */
    long numbered;  /* of those, that have begun to run */
    long vacancies; /* helpers that may still take the job */
    long sleepers;  /* of those, that are to be woken */
    condition next_job, all_left;
    atomic_long_t awake;   /* helpers that look for the next job */
    unsigned long end;     /* of the last job, by now_us; guarded by `owner` */
    int short_gaps;        /* in a row before the next job; guarded by `owner` */
    atomic_long_t jobs;    /* counts jobs: changes when there is a new one */
    atomic_long_t working; /* helpers that have taken the job and not left it */
    atomic_long_t flags;   /* exceptions that the helpers' arithmetic raised */
} thread_pool;

#define POOL_INIT                \
    {.owner = MUTEX_INIT,        \
     .state = MUTEX_INIT,        \
     .next_job = CONDITION_INIT, \
     .all_left = CONDITION_INIT}

static thread_pool pool = POOL_INIT;

/* The next part of each range, in cache lines of their own: 128 bytes on some CPUs. */
static struct {
    atomic_long_t part;
    char padding[128 - sizeof(atomic_long_t)];
} next[THREADS_MOST];

static atomic_long_t number = 1;

long threads_number(void) { return ATOMIC_LOAD(&number); }

static atomic_long_t set_cpus;  /* by threads_set_cpus */
static atomic_long_t seen_cpus; /* when last looked */
static atomic_long_t jobs_seen; /* since then */

void threads_set_number(long n)
{
    ATOMIC_STORE(&number, n);
    ATOMIC_STORE(&jobs_seen, 0);
}

void threads_set_cpus(long cpus) { ATOMIC_STORE(&set_cpus, cpus); }

long threads_for_job(void)
{
    const long most = threads_number();
    long cpus = ATOMIC_LOAD(&set_cpus);
    if (cpus == 0 && most > 1) {
        if (ATOMIC_FETCH_ADD(&jobs_seen, 1) % CPUS_JOBS == 0)
            ATOMIC_STORE(&seen_cpus, usable_cpus());
        cpus = ATOMIC_LOAD(&seen_cpus);
    }
    return cpus > 0 && cpus < most ? cpus : most;
}

/* Looks for a change of *value until SPIN_US after `start`. */
static void spin_while_equal(atomic_long_t *value, long former, unsigned long start)
{
    do
        for (int i = 0; i < 32; i++) {
            if (ATOMIC_LOAD(value) != former)
                return;
            PAUSE();
        }
    while (now_us() - start < SPIN_US);
}

/* The first part of range i; that of range `ranges` is the number of parts. */
static long range_start(const shared_job *j, long i)
{
    return j->first + (j->parts - j->first) * i / j->ranges;
}

/* Does parts while there are any, from range `home` on; returns how many it has done. */
static long work_on(const shared_job *j, long home)
{
    long done = 0;
    for (long r = 0; r < j->ranges; r++) {
        const long i = (home + r) % j->ranges, end = range_start(j, i + 1);
        while (ATOMIC_LOAD(&next[i].part) < end) {
            const long k = ATOMIC_FETCH_ADD(&next[i].part, 1);
            if (k < end) {
                j->work(j->job, k);
                done++;
            }
        }
    }
    return done;
}

/* Wakes some of the helpers that the job wants and that sleep; called with `state` locked, which it
 * unlocks. */
static void unlock_and_wake(void)
{
    const long count = pool.sleepers < WAKES ? pool.sleepers : WAKES;
    pool.sleepers -= count;
    unlock(&pool.state);
    for (long k = 0; k < count; k++)
        wake_one(&pool.next_job);
}

/* The life of a helper. */
static THREAD_RESULT help(void *unused)
{
    (void)unused;
    name_this_thread();
    fp_mode_set_default();
    long seen = 0;
    unsigned long end = now_us(); /* of this helper's last part */
    lock(&pool.state);
    const long home = ++pool.numbered;
    for (;;) {
        while (pool.jobs == seen || !pool.is_open || pool.vacancies == 0) {
            seen = pool.jobs;
            unlock(&pool.state);
            ATOMIC_FETCH_ADD(&pool.awake, 1);
            spin_while_equal(&pool.jobs, seen, end);
            ATOMIC_FETCH_ADD(&pool.awake, -1);
            lock(&pool.state);
            if (pool.jobs == seen) {
                wait_for(&pool.next_job, &pool.state);
                const int cpu = pool.cpu;
                unlock(&pool.state);
                leave_cpu(cpu);
                lock(&pool.state);
            }
        }
        seen = pool.jobs;
        pool.vacancies--;
        ATOMIC_FETCH_ADD(&pool.working, 1);
        const shared_job job = pool.job;
        unlock_and_wake();

        fp_flags_clear();
        if (work_on(&job, home % job.ranges))
            end = now_us();
        ATOMIC_OR(&pool.flags, (long)fp_flags_read());

        lock(&pool.state);
        if (ATOMIC_FETCH_ADD(&pool.working, -1) == 1)
            wake_all(&pool.all_left);
    }
    return 0;
}

#ifndef _WIN32
/* The child has one thread, and the locks may have been held by another. */
static void forget_helpers(void)
{
    const thread_pool fresh = POOL_INIT;
    pool = fresh;
    jobs_seen = 0;
}
#endif

/* Starts helpers up to this number; there may be fewer if the system has no more to give. */
static void start_helpers(long count)
{
    while (pool.helpers < count && start_thread(help))
        pool.helpers++;
}

/* Offers the parts from `first` on to the helpers, works on them, and waits for the helpers that have
 * taken the job. */
static void share(threads_work *work, void *job, long first, long parts, long threads)
{
    const long helpers = (parts - first < threads ? parts - first : threads) - 1;
    const shared_job shared = {work, job, first, parts, helpers + 1};
    lock(&pool.state);
    start_helpers(helpers);
    pool.job = shared;
    pool.cpu = current_cpu();
    pool.is_open = 1;
    pool.vacancies = helpers;
    pool.sleepers = helpers - ATOMIC_LOAD(&pool.awake);
    ATOMIC_STORE(&pool.flags, 0);
    for (long i = 0; i <= helpers; i++)
        ATOMIC_STORE(&next[i].part, range_start(&shared, i));
    ATOMIC_FETCH_ADD(&pool.jobs, 1);
    unlock_and_wake();

    work_on(&shared, 0);

    lock(&pool.state);
    pool.is_open = 0;
    unlock(&pool.state);
    for (long left; (left = ATOMIC_LOAD(&pool.working)) != 0;) {
        spin_while_equal(&pool.working, left, now_us());
        if (ATOMIC_LOAD(&pool.working) != left)
            continue;
        lock(&pool.state);
        while (ATOMIC_LOAD(&pool.working) != 0)
            wait_for(&pool.all_left, &pool.state);
        unlock(&pool.state);
    }
    fp_flags_raise((fp_flags)ATOMIC_LOAD(&pool.flags));
}

/* Does parts on this thread; returns the first that is left once the rest is worth waking helpers. */
static long begin_alone(threads_work *work, void *job, long parts)
{
    const unsigned long start = now_us();
    for (long k = 0; k < parts;) {
        work(job, k++);
        if ((now_us() - start) * (unsigned long)(parts - k) >= WORTH_US * (unsigned long)k)
            return k;
    }
    return parts;
}

int threads_run(threads_work *work, void *job, long parts, long threads, int is_short)
{
    /* Registered before the lock is taken: a child of a fork in between would find it locked. */
    if (!register_fork() || !try_lock(&pool.owner))
        return 0;
    const int gap_was_short = now_us() - pool.end < SPIN_US;
    const int is_ready = !is_short || ATOMIC_LOAD(&pool.awake) || pool.short_gaps >= SERIES;
    pool.short_gaps = gap_was_short ? pool.short_gaps + (pool.short_gaps < SERIES) : 0;
    const long first = is_ready ? 0 : begin_alone(work, job, parts);
    if (first < parts)
        share(work, job, first, parts, threads);
    pool.end = now_us();
    unlock(&pool.owner);
    return 1;
}
