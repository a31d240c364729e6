#!/usr/bin/env bash
# NumPy 2.4.6: x[mask] = x[::-1] reverses half of x only; x[index] = x[::-1] is right.
#
# One would expect:  what a copy of the right side gives, as for x[:] = x[::-1], ufuncs with out=,
#                    np.take, np.put, np.einsum and np.fft.fft, all of which look for overlap.
# What happens:      assignment through a boolean mask, through x.flat, and np.concatenate with out=
#                    read numbers that they have overwritten before.  No warning; the same statement
#                    with np.flatnonzero(mask) is right.
# Why it matters:    masks and index arrays count as two spellings of one assignment, and in-place
#                    updates of buffers (shift, flip, rotate) are where one saves the copy.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numpy==2.4.6
program <<'PYTHON'
import numpy as np

everywhere = np.ones(10, bool)

def by_slice(x, source):
    x[:] = source

def by_index(x, source):
    x[np.flatnonzero(everywhere)] = source

def by_put(x, source):
    np.put(x, np.arange(10), source)

def by_ufunc(x, source):
    np.positive(source, out=x)

def by_mask(x, source):
    x[everywhere] = source

def by_flat(x, source):
    x.flat[:] = source

def by_concatenate(x, source):
    np.concatenate([source[:5], source[5:]], out=x)

wrong = {}
for assign in (by_slice, by_index, by_put, by_ufunc, by_mask, by_flat, by_concatenate):
    x = np.arange(10)
    assign(x, x[::-1])
    wrong[assign] = int((x != np.arange(10)[::-1]).sum())
    print(f"{assign.__name__}: {x}")
assert not any(wrong[assign] for assign in (by_slice, by_index, by_put, by_ufunc))
assert all(wrong[assign] for assign in (by_mask, by_flat, by_concatenate))
PYTHON
