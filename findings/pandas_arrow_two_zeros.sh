#!/usr/bin/env bash
# pandas 3.1.1: in an Arrow-backed float column -0.0 == 0.0 is True, yet isin([0.0]) is False.
#
# One would expect:  what columns of NumPy's float64 and of pandas' Float64 give: both zeros are one
#                    value to ==, isin, nunique, groupby and value_counts.
# What happens:      with "double[pyarrow]" isin, nunique, groupby and value_counts tell them apart, as
#                    Arrow's tables of values do; ==, merge and drop_duplicates do not.
#                    astype("category") fails: its categories are not unique.
# Why it matters:    activation functions make both zeros: GELU gives -0.0 for every very negative
#                    input.  Another backend of the column splits the group of zeros in two.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
program <<'PYTHON'
import pandas as pd

def views(backend):
    """Return what pandas says of a column of both zeros."""
    x = pd.Series([0.0, -0.0], dtype=backend)
    return {
        "== 0": (x == 0).tolist(),
        "isin": x.isin([0.0]).tolist(),
        "nunique": x.nunique(),
        "groups": x.groupby(x).ngroups,
        "value_counts": len(x.value_counts()),
        "drop_duplicates": len(x.drop_duplicates()),
        "merged rows": len(pd.merge(x[:1].to_frame("a"), x[1:].to_frame("a"))),
    }

for backend in ("float64", "Float64", "double[pyarrow]", "float[pyarrow]"):
    seen = views(backend)
    print(f"{backend}: {seen}")
    counts = [1, 1, 1] if backend.lower() == "float64" else [2, 2, 2]
    member = [True, True] if backend.lower() == "float64" else [True, False]
    assert list(seen.values()) == [[True, True], member, *counts, 1, 1]
try:
    pd.Series([0.0, -0.0], dtype="double[pyarrow]").astype("category")
except ValueError as error:
    print("astype('category'): ValueError:", error)
else:
    raise AssertionError
PYTHON
