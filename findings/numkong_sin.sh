#!/usr/bin/env bash
# NumKong 7.8.6: the sine of 1e10 is 2e20 in float32, or infinity, by the CPU.
#
# One would expect:  few right digits, as float32 numbers are 1024 apart there, and yet a number in [-1, 1].
# What happens:      once the multiples of pi cannot be taken off exactly the polynomial is evaluated at
#                    what is left, however large: sin(1e9) = -3.7, cos(1e9) = 2.8e8, cos(1e10) = -2.8e16.
#                    Kernels of AVX2 and AVX-512 give 2e20 for sin(1e10), those without SIMD infinity, and
#                    -2.8e8 already for 1e9.  In float64 it is 3e37 at 1e20.
# Why it matters:    rotary and sinusoidal embeddings take sines of products; a wrong phase stays bounded,
#                    one such number makes every sum after it useless.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numkong==7.8.6 numpy==2.4.6
program <<'PYTHON'
import numkong
import numpy as np

x = np.array([1.0, 1e5, 1e9, 1e10], np.float32)
levels = [name for name in ("haswell", "skylake") if numkong.get_capabilities()[name]]
for level in ["all", *reversed(levels)]:
    if level != "all":
        numkong.disable_capability(level)
    sin, cos = (np.asarray(function(x)) for function in (numkong.sin, numkong.cos))
    print(f"{level if level == 'all' else 'without ' + level}: sin {sin}, cos {cos}")
    assert np.allclose(sin[:2], np.sin(x[:2].astype(float)), atol=1e-3)
    assert (np.abs(sin[2:]) > 3).all() and abs(sin[3]) > 1e20 and abs(cos[3]) > 1e16
print("float64:", np.asarray(numkong.sin(np.array([1e16, 1e20, 1e300]))))
assert not abs(np.asarray(numkong.sin(np.array([1e20])))[0]) <= 1e30
PYTHON
