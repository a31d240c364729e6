#!/usr/bin/env bash
# Mojo 1.2.0: exp of Float64 has 9 right digits at -700, and 12 at 1.
#
# One would expect:  15 or 16 digits, as erf, tanh, sin and log of the same module have.
# What happens:      exp(1.0) is 2.718281828459813, where e is 2.718281828459045.  The relative error grows
#                    with the argument, as if ln 2 had 13 digits: 3e-10 at 700 and -700.  exp2 is as far
#                    off.  Where the compiler evaluates it (comptime) the digits are the same.
# Why it matters:    the function looks like double precision, with small arguments it is, and the error
#                    is too small to be seen in a plot and too large for a solver's tolerance.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages mojo==1.2.0
export HOME="$folder"
cat >"$folder/exp.mojo" <<'MOJO'
from std.math import erf, exp, exp2, sin, tanh
from std.sys import argv

def main():
    var one = Float64(len(argv()))
    comptime e = exp(Float64(1.0))
    print(e)
    print(exp(one))
    print(exp(0.1 * one))
    print(exp(-40.0 * one))
    print(exp(-700.0 * one))
    print(exp(700.0 * one))
    print(exp2(-1000.5 * one))
    print(sin(one))
    print(tanh(0.5 * one))
    print(erf(0.5 * one))
MOJO
program <<'PYTHON'
import math
import subprocess

command = ["venv/bin/mojo", "run", "exp.mojo"]
lines = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.split()
right = [math.e, math.e, *map(math.exp, (0.1, -40, -700, 700)), 2**-1000.5]
right += [math.sin(1), math.tanh(0.5), math.erf(0.5)]
errors = [abs(float(line) / number - 1) for line, number in zip(lines, right, strict=True)]
for line, number, error in zip(lines, right, errors, strict=True):
    print(f"{line}, right is {number!r}: error {error:.1e}")
assert lines[0] == lines[1] and 2e-13 < errors[0] < 4e-13
assert errors[2] < 1e-15 and 1e-11 < errors[3] < 4e-11 and min(errors[4:7]) > 2e-10
assert max(errors[7:]) < 1e-15
PYTHON
