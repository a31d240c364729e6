"""Dask: arrays stay lazy and chunked, in threads and in processes of limited memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from inspect import getsource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import UFUNCS, fresh, same_bits

import gelu_simd

da = pytest.importorskip("dask.array", reason="needs dask[array]")

X = np.linspace(-8, 8, 12_000).reshape(30, 400)
CHUNKS = (7, 150)


@pytest.fixture(params=[u for u in UFUNCS if u.nout == 1], ids=lambda ufunc: ufunc.__name__)
def ufunc(request: pytest.FixtureRequest) -> np.ufunc:
    """Return each ufunc of one output."""
    return request.param


@pytest.mark.parametrize("ufunc", [u for u in UFUNCS if u.nout == 2], ids=lambda u: u.__name__)
def test_two_outputs_are_a_generalised_ufunc(ufunc: np.ufunc) -> None:
    """Dask knows ufuncs of two outputs by name only; apply_gufunc takes any."""
    lazy = da.from_array(X, CHUNKS)
    with pytest.raises(TypeError):
        ufunc(*[lazy] * ufunc.nin)
    signature = f"{','.join(['()'] * ufunc.nin)}->(),()"
    ys = da.apply_gufunc(ufunc, signature, *[lazy] * ufunc.nin, output_dtypes=[float, float])
    for y, expected in zip(ys, ufunc(*[X] * ufunc.nin), strict=True):
        assert y.chunks == lazy.chunks
        assert same_bits(y.compute(), expected)


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_lazy_and_chunked(ufunc: np.ufunc, dtype: np.dtype, scheduler: str) -> None:
    x = X.astype(dtype)
    lazy = da.from_array(x, CHUNKS)
    y = ufunc(*[lazy] * ufunc.nin)
    assert isinstance(y, da.Array)
    assert y.chunks == lazy.chunks
    assert y.dtype == dtype
    assert same_bits(y.compute(scheduler=scheduler), ufunc(*[x] * ufunc.nin))


def test_each_chunk_is_computed_once_and_not_before_it_is_asked_for() -> None:
    shapes = []

    def source(block: np.ndarray) -> np.ndarray:
        shapes.append(block.shape)
        return block

    x = da.from_array(X, CHUNKS).map_blocks(source, meta=np.empty((0, 0)))
    y = gelu_simd.gelu(x)
    assert shapes == []
    y.compute(scheduler="synchronous")
    assert len(shapes) == y.npartitions
    y.blocks[0, 0].compute(scheduler="synchronous")
    assert len(shapes) == y.npartitions + 1


def test_operands_of_different_chunks_and_shapes() -> None:
    dy = np.linspace(1, 2, 400)
    lazy = gelu_simd.gelu_backward(da.from_array(dy, 99), da.from_array(X, CHUNKS))
    assert same_bits(lazy.compute(), gelu_simd.gelu_backward(dy, X))
    mixed = gelu_simd.gelu_backward(dy, da.from_array(X, CHUNKS))
    assert same_bits(mixed.compute(), gelu_simd.gelu_backward(dy, X))


def test_dtype_only_casts_the_result() -> None:
    """Dask keeps dtype= to itself; astype() on the operand chooses what is computed in."""
    x = da.from_array(X, CHUNKS)
    narrow = gelu_simd.gelu(x, dtype="f4")
    assert narrow.dtype == np.float32
    assert same_bits(narrow.compute(), gelu_simd.gelu(X).astype("f4"))
    assert same_bits(gelu_simd.gelu(x.astype("f4")).compute(), gelu_simd.gelu(X.astype("f4")))


def test_out_and_where() -> None:
    x = da.from_array(X, CHUNKS)
    out = da.zeros_like(x)
    assert gelu_simd.gelu(x, out=out, where=x > 0) is out
    assert same_bits(out.compute(), np.where(X > 0, gelu_simd.gelu(X), 0))


def test_integers_and_refused_types() -> None:
    x = da.arange(-3, 4, chunks=2)
    assert gelu_simd.gelu(x).dtype == np.float64
    with pytest.raises(TypeError, match="gelu"):
        gelu_simd.gelu(da.ones(3, dtype=complex))


def test_names_tell_functions_and_inputs_apart() -> None:
    """Dask takes two arrays of one name for the same."""
    x = da.from_array(X, CHUNKS)
    functions = [gelu_simd.gelu, gelu_simd.gelu_tanh, gelu_simd.gelu_grad]
    names = [f(a).name for f in functions for a in (x, x + 1)]
    assert len(set(names)) == len(names)
    assert [f(a).name for f in functions for a in (x, x + 1)] == names


def test_masked_chunks() -> None:
    x = np.ma.array(X, mask=X > 1)
    y = gelu_simd.gelu(da.from_array(x, CHUNKS)).compute()
    np.testing.assert_array_equal(np.ma.getmaskarray(y), x.mask)
    assert same_bits(y.compressed(), gelu_simd.gelu(X[X <= 1]))


# ---- dask.distributed ----

WORKERS = 2
ROOM = 120 << 20  # bytes, for each worker beside its modules; the test takes 20 to 60 MiB
PER_FILE = 1 << 20  # float32: 4 MiB


def peak(process: object) -> int:
    """Return the most memory, in bytes, that a process has had in use; 0 where none is told."""
    status = Path(f"/proc/{process}/status")
    match = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text() if status.exists() else "", re.M)
    return int(match[1]) << 10 if match else 0


@pytest.fixture(scope="module")
def memory() -> int:
    """Return the memory of a worker: Dask imports what else is installed, several 100 MiB of it."""
    pytest.importorskip("distributed", reason="needs dask[distributed]")
    code = f"import dask.array, distributed, re\nfrom pathlib import Path\n{getsource(peak)}"
    done = fresh(f"import warnings; warnings.simplefilter('ignore')\n{code}\nprint(peak('self'))")
    return int(done.stdout) + ROOM


@pytest.fixture(scope="module")
def client(memory: int) -> Iterator[Any]:
    """Start worker processes, which are killed when they exceed their memory."""
    import distributed

    with (
        distributed.LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, memory_limit=memory,
            dashboard_address=None,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        yield client


def test_functions_cross_by_name(client: Any, ufunc: np.ufunc) -> None:
    x = X.astype("f4")
    assert same_bits(client.submit(ufunc, *[x] * ufunc.nin).result(), ufunc(*[x] * ufunc.nin))
    lazy = da.from_array(x, CHUNKS)
    assert same_bits(ufunc(*[lazy] * ufunc.nin).compute(), ufunc(*[x] * ufunc.nin))


def test_array_larger_than_the_memory_of_a_worker(client: Any, memory: int, tmp_path: Path) -> None:
    """From files to files, a chunk at a time; no worker exceeds its limit or is started anew."""
    workers = client.run(os.getpid)
    files = memory // (4 * PER_FILE) + 8
    source = da.linspace(-8, 8, files * PER_FILE, chunks=PER_FILE, dtype="f4")
    assert source.nbytes > memory
    da.to_npy_stack(tmp_path / "x", source)
    x = da.from_npy_stack(tmp_path / "x")
    da.to_npy_stack(tmp_path / "y", gelu_simd.gelu(x))
    assert client.run(os.getpid) == workers
    assert all(peak(pid) < memory for pid in workers.values())
    for k in range(files):
        expected = gelu_simd.gelu(np.load(tmp_path / "x" / f"{k}.npy"))
        assert same_bits(np.load(tmp_path / "y" / f"{k}.npy"), expected)
