/* The reference of bench/prove.py: values of the functions in pairs of doubles, for all float32.
 *
 * With t = |x| each function is made of one tail p(t) = exp(-z(t)) g(t), as gelu_simd._check.oracle
 * says; the tables are made there, in decimal arithmetic.  Nothing here is the kernels': g is summed
 * from its Taylor series at the nearest of 16 nodes a unit, exp from a table of 2^(i/64) and a
 * series, all in pairs high + low.  prove.py states the bound on the error.
 *
 * Compiled with -ffp-contract=off, and with fma as one instruction.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

enum {
    DEGREE = 14,    /* of g's series */
    PAIRED = 7,     /* leading coefficients in pairs */
    DEGREE_EXP = 9, /* of the series of exp */
    NODES_PER_UNIT = 16,
    RUN = 256 /* numbers at a time: consecutive floats, of one node */
};

typedef struct {
    long nodes;
    const double *node;       /* [3][nodes] */
    const double *high, *low; /* [DEGREE + 1][nodes], [PAIRED][nodes] */
    const double *step;       /* [3]: ln(2)/64 in parts */
    const double *power;      /* [2][64] */
    const double *exp_high, *exp_low;
    const double *slope, *cubic; /* [2] each: 2u(t) = slope t + cubic t^3; NULL: z = t^2/2 */
    double end;                  /* the clamp of t: beyond it results do not change */
    int is_derivative;
} form;

/* An input whose value lies within `within` ULP of the middle between two floats, or is rounded
 * wrongly.  `distance` is signed: from the middle to the value, in ULP of the result. */
typedef struct {
    float x, got;
    double distance;
    int32_t wrong; /* 1: a miss, for certain; 2: not certain */
} finding;

/* Results of other kernels, and their largest error: in ULP, as oracle.py defines it. */
typedef struct {
    const float *got;
    double error;
    float x;
} other;

typedef struct {
    double h, l;
} pair;

static inline pair two_sum(double a, double b)
{
    const double s = a + b, v = s - a;
    return (pair){s, (a - (s - v)) + (b - v)};
}

/* For |a| >= |b| or a = 0. */
static inline pair fast_two_sum(double a, double b)
{
    const double s = a + b;
    return (pair){s, b - (s - a)};
}

static inline pair multiply(pair a, pair b)
{
    const double p = a.h * b.h;
    return fast_two_sum(p, fma(a.h, b.h, -p) + (a.h * b.l + a.l * b.h));
}

/* a d + (c, low) */
static inline pair step(pair a, pair d, double c, double low)
{
    const pair p = multiply(a, d), s = two_sum(p.h, c);
    return fast_two_sum(s.h, s.l + (p.l + low));
}

/* Of each of n pairs g and d: the series of g in d, of the coefficients given with a stride.  Loops
 * over the numbers are the inner ones, for compilers to vectorize. */
static void series(const double *c, const double *c_low, long stride, int degree, long n,
                   const double *dh, const double *dl, double *gh, double *gl)
{
    for (long i = 0; i < n; i++) {
        double head = c[degree * stride];
        for (int j = degree - 1; j >= PAIRED; j--)
            head = fma(head, dh[i], c[j * stride]);
        gh[i] = head;
        gl[i] = 0;
    }
    for (int j = PAIRED - 1; j >= 0; j--) {
        const double high = c[j * stride], low = c_low[j * stride];
        for (long i = 0; i < n; i++) {
            const pair g = step((pair){gh[i], gl[i]}, (pair){dh[i], dl[i]}, high, low);
            gh[i] = g.h;
            gl[i] = g.l;
        }
    }
}

/* Tails of n <= RUN numbers t that have the node k. */
static void tails(const form *f, long k, const double *t, long n, double *high, double *low)
{
    double dh[RUN], dl[RUN], gh[RUN], gl[RUN], eh[RUN], el[RUN], m[RUN];
    const double node[3] = {f->node[k], f->node[f->nodes + k], f->node[2 * f->nodes + k]};
    for (long i = 0; i < n; i++) {
        const pair a = two_sum(t[i] - node[0], -node[1]), d = fast_two_sum(a.h, a.l - node[2]);
        dh[i] = d.h;
        dl[i] = d.l;
    }
    series(f->high + k, f->low + k, f->nodes, DEGREE, n, dh, dl, gh, gl);

    if (f->slope == NULL) {
        for (long i = 0; i < n; i++) {
            dh[i] = 0.5 * (t[i] * t[i]);
            dl[i] = 0;
        }
    } else {
        const pair slope = {f->slope[0], f->slope[1]}, cubic = {f->cubic[0], f->cubic[1]};
        for (long i = 0; i < n; i++) {
            const pair w = step((pair){t[i] * t[i], 0}, cubic, slope.h, slope.l);
            const pair z = multiply(w, (pair){t[i], 0});
            dh[i] = z.h;
            dl[i] = z.l;
        }
    }
    const double unit = f->step[0], middle = f->step[1], last = f->step[2];
    for (long i = 0; i < n; i++) {
        m[i] = rint(-dh[i] / unit);
        const pair a = two_sum(-dh[i] - m[i] * unit, -m[i] * middle);
        const pair y = fast_two_sum(a.h, a.l + (-dl[i] - m[i] * last));
        dh[i] = y.h;
        dl[i] = y.l;
    }
    series(f->exp_high, f->exp_low, 1, DEGREE_EXP, n, dh, dl, eh, el);
    for (long i = 0; i < n; i++) {
        const int32_t steps = (int32_t)m[i], j = steps & 63;
        const pair e = multiply((pair){f->power[j], f->power[64 + j]}, (pair){eh[i], el[i]});
        const pair p = multiply(e, (pair){gh[i], gl[i]});
        const uint64_t bits = (uint64_t)(1023 + (int64_t)(steps >> 6)) << 52;
        double scale;
        memcpy(&scale, &bits, sizeof scale);
        high[i] = p.h * scale;
        low[i] = p.l * scale;
    }
}

static inline uint32_t bits_of(float a)
{
    uint32_t u;
    memcpy(&u, &a, sizeof u);
    return u;
}

static inline float of_bits(uint32_t u)
{
    float a;
    memcpy(&a, &u, sizeof a);
    return a;
}

/* The result where theory gives it: NaN, zero, infinity, past the end, and below 2^-64, where
 * gelu is x/2 + delta, 0 < delta < x^2/2, and the derivative 1/2 + delta, |delta| < |x|. */
static inline int by_theory(const form *f, float x, float *y)
{
    const double t = fabs((double)x);
    if (x != x)
        *y = x;
    else if (x == 0)
        *y = f->is_derivative ? 0.5f : x;
    else if (t > f->end)
        *y = x < 0 ? -0.0f : f->is_derivative ? 1.0f : x;
    else if (t < 0x1p-64)
        *y = f->is_derivative ? 0.5f : (float)(0.5 * (double)x + 0x1p-175);
    else
        return 0;
    return 1;
}

/* The distance of floats at a value, which is not 0. */
static inline double ulp_of(pair v)
{
    uint64_t u;
    memcpy(&u, &v.h, sizeof u);
    int exponent = (int)(u >> 52 & 0x7ff) - 1023;
    if (u << 12 == 0 && v.l * v.h < 0) /* just below a power of two */
        exponent--;
    exponent = exponent - 23 < -149 ? -149 : exponent - 23;
    u = (uint64_t)(exponent + 1023) << 52;
    double ulp;
    memcpy(&ulp, &u, sizeof ulp);
    return ulp;
}

/* Compares `got` with the values at the n floats whose bits begin with `first`; all have one sign.
 * Stores at most `room` findings; returns their number, or -1 if there were more.  Raises the largest
 * errors of the others. */
long check(const form *f, uint32_t first, long n, const float *got, double bound, double within,
           finding *findings, long room, other *others, int number)
{
    double t[RUN], high[RUN], low[RUN];
    long found = 0;
    for (long start = 0; start < n;) {
        float y, x = of_bits(first + (uint32_t)start);
        if (by_theory(f, x, &y)) {
            const float g = got[start++];
            if (bits_of(g) == bits_of(y) || (y != y && g != g))
                continue;
            if (found == room)
                return -1;
            findings[found++] = (finding){x, g, INFINITY, 1};
            continue;
        }
        /* Even parts of a run share a node. */
        const long k = (long)rint(fabs((double)x) * NODES_PER_UNIT);
        long count = 0;
        for (; count < RUN && start + count < n; count++) {
            x = of_bits(first + (uint32_t)(start + count));
            t[count] = fabs((double)x);
            if ((long)rint(t[count] * NODES_PER_UNIT) != k || by_theory(f, x, &y))
                break;
        }
        tails(f, k, t, count, high, low);
        for (long i = 0; i < count; i++) {
            const long place = start + i;
            const float g = got[place];
            x = of_bits(first + (uint32_t)place);
            pair v = {high[i], low[i]};
            if (x > 0) {
                v = two_sum(1, -high[i]);
                v = fast_two_sum(v.h, v.l - low[i]);
            }
            if (!f->is_derivative)
                v = multiply(v, (pair){(double)x, 0});
            for (int j = 0; j < number; j++) {
                const double off = fabs(((double)others[j].got[place] - v.h) - v.l);
                if (off > others[j].error * ulp_of(v)) {
                    others[j].error = off / ulp_of(v);
                    others[j].x = x;
                }
            }
            /* The middles between the result and its neighbours, exactly; the result's own ulp, on
             * the side of the value. */
            const uint32_t u = bits_of(g);
            const double middle_above = 0.5 * ((double)g + (double)of_bits(u + 1));
            const double below =
                (u & 0x7fffffff) == 0 ? -(double)of_bits(u + 1) : (double)of_bits(u - 1);
            const double middle_below = 0.5 * ((double)g + below);
            /* Away from zero by sign: multiplied by it, the value has to lie between. */
            const double s = signbit(g) ? -1 : 1;
            const double to_above = s * ((middle_above - v.h) - v.l);
            const double to_below = s * ((v.h - middle_below) + v.l);
            const double least = to_above < to_below ? to_above : to_below;
            const double ulp = to_above < to_below ? fabs((double)of_bits(u + 1) - (double)g)
                                                   : fabs((double)g - below);
            const double error = bound * fabs(v.h);
            if (least > error && least > within * ulp)
                continue;
            if (found == room)
                return -1;
            findings[found++] =
                (finding){x, g, (to_above < to_below ? -s * least : s * least) / ulp,
                          least < -error || !(least == least) ? 1
                          : least <= error                    ? 2
                                                              : 0};
        }
        start += count;
    }
    return found;
}

/* The values themselves, at n floats that are not by theory: for tests of the reference. */
void values(const form *f, const float *x, long n, double *high, double *low)
{
    for (long i = 0; i < n; i++) {
        const double t = fabs((double)x[i]);
        pair v;
        tails(f, (long)rint(t * NODES_PER_UNIT), &t, 1, &v.h, &v.l);
        if (x[i] > 0) {
            const pair p = v;
            v = two_sum(1, -p.h);
            v = fast_two_sum(v.h, v.l - p.l);
        }
        if (!f->is_derivative)
            v = multiply(v, (pair){(double)x[i], 0});
        high[i] = v.h, low[i] = v.l;
    }
}
