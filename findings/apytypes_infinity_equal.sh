#!/usr/bin/env bash
# APyTypes 0.5.1: in an array infinity does not equal infinity, and NaN >= NaN is true.
#
# One would expect:  what single numbers give in every format, infinity == infinity and not NaN >= NaN;
#                    is_identical says too that the arrays are equal.
# What happens:      between arrays, inf == inf and inf <= inf are false, inf != inf and inf >= inf are true.
#                    inf == math.inf is false as well.  NaN >= NaN is true; and NaN != NaN, which is right
#                    between arrays, is false for single numbers.
# Why it matters:    formats of few bits overflow often: a result compared with the expected one, number by
#                    number, is reported as wrong in every place that is infinite on both sides.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages apytypes==0.5.1 numpy==2.4.6
program <<'PYTHON'
import math
import operator
from apytypes import APyFloat, APyFloatArray

numbers = [math.inf, 1.0, math.nan]
comparisons = {  # what infinity, 1 and NaN give, compared with themselves: in an array, and as single numbers
    "==": (operator.eq, [False, True, False], [True, True, False]),
    "!=": (operator.ne, [True, False, True], [False, False, False]),
    "<=": (operator.le, [False, True, False], [True, True, False]),
    ">=": (operator.ge, [True, True, True], [True, True, False]),
}

formats = ("float16", 5, 10), ("bfloat16", 8, 7), ("float8", 4, 3), ("float64", 11, 52)
for name, exponent, mantissa in formats:
    array = APyFloatArray.from_float(numbers, exponent, mantissa)
    single = [APyFloat.from_float(number, exponent, mantissa) for number in numbers]
    for sign, (function, in_array, alone) in comparisons.items():
        arrays, singles = function(array, array).tolist(), [function(number, number) for number in single]
        print(f"{name}, inf, 1, NaN {sign} themselves: array {arrays}, single {singles}")
        assert arrays == in_array and singles == alone
    infinite = APyFloatArray.from_float([math.inf], exponent, mantissa)
    assert infinite.is_identical(infinite)
    assert not (infinite == math.inf)[0] and single[0] == math.inf
PYTHON
