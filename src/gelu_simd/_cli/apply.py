"""Apply a ufunc to a .npy file of any size, block by block.

The data are read into one reused buffer, not through a memory map of the whole file: the pages of
a map count as resident memory while they stay mapped, so a map has no bound, and two buffers of
`BLOCK` elements have one.  An elementwise function does not mind the order of the elements, so a
file in Fortran order is read front to back like one in C order.
"""

from __future__ import annotations

import os
import textwrap
import warnings
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy

from gelu_simd._cli.files import FileError, blaming, replacing, require_regular

BLOCK = 1 << 18  # elements: buffers of 6 MB at most


class Header(NamedTuple):
    """What stands before the data of a .npy file, and where the data begin."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype
    offset: int


def apply(
    ufunc: np.ufunc,
    source: Path,
    target: Path,
    dtype: np.dtype | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write ``ufunc(np.load(source), dtype=dtype)`` to `target` in bounded memory.

    `target` appears only when it is complete: the result goes to a temporary file beside it, which
    then replaces it.  On any exception the temporary file is removed and an old `target` is left
    as it was.  So `target` may be `source`.  A symbolic link is followed, an existing file keeps
    its permissions, and a write-protected one is refused.

    The result has the shape and memory order of the input, in native byte order.

    Parameters
    ----------
    ufunc : numpy.ufunc
        An elementwise function of one argument.
    source, target : pathlib.Path
        The .npy files to read and to write.
    dtype : numpy.dtype, optional
        The type to compute in and to write; by default what `ufunc` gives for the input's type.
    progress : callable, optional
        Called after each block with the number of elements done and of all elements.

    Raises
    ------
    FileError
        When either file is at fault, or the input's type is not one that `ufunc` accepts.

    """
    header = _read_header(source)
    result = _result_dtype(ufunc, header.dtype, dtype)
    if result is None:
        raise FileError(
            f"{str(source)!r} has dtype {header.dtype}; {ufunc.__name__} accepts "
            + ", ".join(_accepted_dtypes(ufunc, dtype))
        )
    with replacing(target) as outfile:
        npy.write_array_header_1_0(
            outfile,
            {
                "descr": npy.dtype_to_descr(result),
                "fortran_order": header.fortran_order,
                "shape": header.shape,
            },
        )
        for block in _results(ufunc, source, header, result, progress):
            outfile.write(block.data)


def _results(
    ufunc: np.ufunc,
    source: Path,
    header: Header,
    result: np.dtype,
    progress: Callable[[int, int], None] | None,
) -> Iterator[np.ndarray]:
    """Yield the results of one block after the other, in one reused array."""
    size = prod(header.shape)
    x = np.empty(min(size, BLOCK), header.dtype)
    y = np.empty(min(size, BLOCK), result)
    with blaming("read", source), source.open("rb") as infile:
        infile.seek(header.offset)
        for start in range(0, size, BLOCK):
            count = min(BLOCK, size - start)
            if infile.readinto(x[:count].view(np.uint8).data) != x[:count].nbytes:
                raise FileError(f"{str(source)!r} became shorter while it was read")
            with np.errstate(all="ignore"):
                ufunc(x[:count], out=y[:count], dtype=result)
            yield y[:count]
            if progress is not None:
                progress(start + count, size)


def _read_header(path: Path) -> Header:
    """Read the header and check that the data it promises are there."""
    with blaming("read", path):
        require_regular(path.stat().st_mode)
        with path.open("rb") as file:
            header = Header(*_parse_header(file, path), file.tell())
            available = os.fstat(file.fileno()).st_size - header.offset
    expected = prod(header.shape) * header.dtype.itemsize
    if available < expected:
        raise FileError(
            f"{str(path)!r} is truncated: its header promises {expected} bytes of data, "
            f"the file holds {available}"
        )
    return header


def _parse_header(file: BinaryIO, path: Path) -> tuple[tuple[int, ...], bool, np.dtype]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = npy.read_magic(file)
            if version not in ((1, 0), (2, 0), (3, 0)):
                raise ValueError(f"its format version is {version}, not (1, 0), (2, 0) or (3, 0)")
            if version == (1, 0):
                shape, fortran_order, dtype = npy.read_array_header_1_0(file)
            else:  # 3.0 differs from 2.0 in the encoding of field names only
                shape, fortran_order, dtype = npy.read_array_header_2_0(file)
            np.broadcast_to(np.empty((), dtype), shape)  # ValueError if there is no such array
            return shape, fortran_order, dtype
    except OSError:
        raise
    except Exception as exc:  # damaged headers make NumPy's parser raise almost anything
        reason = textwrap.shorten(str(exc), 200, placeholder=" ...")
        raise FileError(f"{str(path)!r} is not a valid .npy file: {reason}") from exc


def _result_dtype(ufunc: np.ufunc, given: np.dtype, wanted: np.dtype | None) -> np.dtype | None:
    """Return the dtype of ``ufunc(x, dtype=wanted)``, or None where that raises TypeError."""
    try:
        return ufunc.resolve_dtypes((given, None), signature=(None, wanted), casting="same_kind")[1]
    except TypeError:
        return None


def _accepted_dtypes(ufunc: np.ufunc, wanted: np.dtype | None) -> list[str]:
    codes = "?" + np.typecodes["AllInteger"] + np.typecodes["AllFloat"]
    accepted = (np.dtype(c) for c in codes if _result_dtype(ufunc, np.dtype(c), wanted) is not None)
    return list(dict.fromkeys(dtype.name for dtype in accepted))
