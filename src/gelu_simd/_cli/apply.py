"""The command apply: a ufunc of a .npy file or stream of any size, block by block.

Threads take turns to read a block and to write it, so blocks keep their order; between its two
turns a thread computes.  So one block is read, others are computed and one is written at the same
time, and memory stays bounded by two buffers for each thread.  A thread computes its block alone,
in place where the types are the same: the block stays in the cache of one core.

The data are read into buffers, not through a memory map of the whole file: the pages of a map
count as resident memory while they stay mapped, so a map has no bound.  An elementwise function
does not mind the order of the elements, so a file in Fortran order is read front to back like one
in C order.
"""

from __future__ import annotations

import io
import os
import select
import textwrap
import warnings
from collections.abc import Callable
from math import prod
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple

import numpy as np
from numpy.lib import format as npy

from gelu_simd._cli.files import (
    FileError,
    Output,
    Path,
    blaming,
    is_regular,
    open_input,
    title,
    writing,
)
from gelu_simd._threads import usable_cpus
from gelu_simd._types import TYPES
from gelu_simd._ufuncs import get_num_threads, set_num_threads

BLOCK = 1 << 20  # bytes of a buffer: it stays in a core's cache from reading to writing
MOST_THREADS = 32  # beyond, reading and writing take longer than computing
HEADER = 10_000  # bytes of a header at most, as in numpy.load
COUNTED = 1 << 20  # bytes behind the array in a stream that are read to count them
PERIOD = 0.1  # seconds between two reports of progress, or two looks for a signal
PATIENCE = 0.2  # seconds to wait for a thread that a stream may block

Progress = Callable[[int, int], None]


class Header(NamedTuple):
    """What stands before the data of a .npy file."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype


def apply(
    ufunc: np.ufunc,
    source: Path,
    target: Path,
    dtype: np.dtype | None = None,
    input_dtype: np.dtype | None = None,
    progress: Progress | None = None,
) -> None:
    """Write ``ufunc(np.load(source), dtype=dtype)`` to `target` in bounded memory.

    A file `target` appears only when it is complete: see `files.replacing`.  So `target` may be
    `source`.  A stream is written as far as the result is known.

    The result has the shape and memory order of the input, in native byte order.

    Parameters
    ----------
    ufunc : numpy.ufunc
        An elementwise function of one argument.
    source, target : str or os.PathLike
        The .npy files or pipes to read and to write; "-" is standard input and standard output.
    dtype : numpy.dtype, optional
        The type to compute in and to write; by default what `ufunc` gives for the input's type.
    input_dtype : numpy.dtype, optional
        What the input holds, for a type such as bfloat16 that a .npy file cannot name: NumPy
        writes it as raw bytes (``V2``).
    progress : callable, optional
        Called now and then, and at the end, with the number of elements done and of all elements.

    Raises
    ------
    FileError
        When either file is at fault, or the input's type is not one that `ufunc` accepts.
    BrokenPipeError
        When nobody reads the output any more.
    MemoryError
        When there is no room for two blocks, or no thread can be started.

    """
    with open_input(source) as infile:
        header = _read_header(infile, source)
        held = _held_dtype(header.dtype, input_dtype, source)
        result = _result_dtype(ufunc, held, dtype)
        if result is None:
            raise FileError(_refusal(ufunc, held, dtype, source))
        size = prod(header.shape)
        _require_data(infile, source, size * held.itemsize)
        with writing(target) as outfile:
            outfile.write(_header_bytes(header._replace(dtype=result)))
            copy = _Copy(ufunc, source, infile, outfile, size, held, result)
            copy.run(progress)
            _require_end(infile, source)
            infile.close()  # Windows replaces no open file


# ---------------------------------------------------------------------------------------------
# The header


def _read_header(file: io.FileIO, path: Path) -> Header:
    """Read the header, and not a byte more: there is no way back in a stream."""
    with blaming("read", path):
        start = _read_up_to(file, 8)
        width = {(1, 0): 2, (2, 0): 4, (3, 0): 4}.get(tuple(start[6:8]))
        if start.startswith(npy.MAGIC_PREFIX) and width is not None:
            size = _read_up_to(file, width)
            length = int.from_bytes(size, "little")
            if length > HEADER:
                raise FileError(
                    f"{title('read', path)} has a header of {length} bytes; "
                    f"at most {HEADER} are accepted"
                )
            start += size + _read_up_to(file, length)
    return _parse_header(io.BytesIO(start), path)


def _read_up_to(file: io.FileIO, count: int) -> bytes:
    """Read so many bytes, or fewer at the end of the file."""
    data = bytearray(count)
    return bytes(data[: _fill(file, memoryview(data))])


def _fill(file: io.FileIO, buffer: memoryview) -> int:
    """Read into a buffer until it is full or the file ends; return the number of bytes."""
    done = 0
    while done < len(buffer):
        _await_data(file)
        count = file.readinto(buffer[done:])
        if count is None:
            raise BlockingIOError("it is in non-blocking mode")
        if count == 0:
            break
        done += count
    return done


def _await_data(file: io.FileIO) -> None:
    """Wait until a read would not block.

    A signal that comes between Python's last look and the read itself would be noticed only when
    the read ends: never, if nobody writes.
    """
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(file, select.POLLIN)
        while not poll.poll(PERIOD * 1000):
            pass


def _parse_header(file: io.BytesIO, path: Path) -> Header:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = npy.read_magic(file)
            if version not in ((1, 0), (2, 0), (3, 0)):
                raise ValueError(f"its format version is {version}, not (1, 0), (2, 0) or (3, 0)")
            if version == (1, 0):
                header = Header(*npy.read_array_header_1_0(file))
            else:  # 3.0 differs from 2.0 in the encoding of field names only
                header = Header(*npy.read_array_header_2_0(file))
            # ValueError if there is no such array.  Raw bytes, since objects would be filled in.
            np.broadcast_to(np.empty((), (np.void, header.dtype.itemsize)), header.shape)
            return header
    except Exception as exc:  # damaged headers make NumPy's parser raise almost anything
        reason = textwrap.shorten(str(exc) or type(exc).__name__, 200, placeholder=" ...")
        raise FileError(f"{title('read', path)} is not a valid .npy file: {reason}") from exc


def _header_bytes(header: Header) -> bytes:
    file = io.BytesIO()
    npy.write_array_header_1_0(
        file,
        {
            "descr": npy.dtype_to_descr(header.dtype),
            "fortran_order": header.fortran_order,
            "shape": header.shape,
        },
    )
    return file.getvalue()


# ---------------------------------------------------------------------------------------------
# Types


def _held_dtype(stored: np.dtype, claimed: np.dtype | None, path: Path) -> np.dtype:
    """Return the type of the numbers in a file whose header names the type `stored`."""
    if claimed is None:
        return stored
    raw = TYPES[claimed.name].raw
    if stored != np.dtype(raw):
        raise FileError(
            f"{title('read', path)} has dtype {stored}; --input-dtype {claimed} takes {raw}, "
            "as NumPy writes it"
        )
    return claimed


def _refusal(ufunc: np.ufunc, held: np.dtype, requested: np.dtype | None, path: Path) -> str:
    """Say which types are accepted."""
    accepted = ", ".join(_accepted_dtypes(ufunc, requested))
    text = f"{title('read', path)} has dtype {held}; {ufunc.__name__} accepts {accepted}"
    for name, row in TYPES.items():
        if row.raw is not None and held == np.dtype(row.raw):
            text += f"; if it holds {name}, add --input-dtype {name}"
    return text


def _result_dtype(ufunc: np.ufunc, held: np.dtype, requested: np.dtype | None) -> np.dtype | None:
    """Return the dtype of ``ufunc(x, dtype=requested)``, or None where that raises TypeError."""
    if held.itemsize > np.dtype(np.longdouble).itemsize:  # no real number; NumPy would make one
        return None
    signature = (None, requested)
    try:
        return ufunc.resolve_dtypes((held, None), signature=signature, casting="same_kind")[1]
    except TypeError:
        return None


def _accepted_dtypes(ufunc: np.ufunc, requested: np.dtype | None) -> list[str]:
    dtypes = [np.dtype(c) for c in "?" + np.typecodes["AllInteger"] + np.typecodes["AllFloat"]]
    accepted = (d.name for d in dtypes if _result_dtype(ufunc, d, requested) is not None)
    return list(dict.fromkeys(accepted))


# ---------------------------------------------------------------------------------------------
# The data


def _require_data(file: io.FileIO, path: Path, expected: int) -> None:
    """Check the size of a regular file."""
    with blaming("read", path):
        if not is_regular(file):
            return
        available = os.fstat(file.fileno()).st_size - file.tell()
    if available < expected:
        raise FileError(
            f"{title('read', path)} is truncated: its header promises {expected} bytes of data, "
            f"the file holds {available}"
        )
    if available > expected:
        raise FileError(_surplus(path, str(available - expected)))


def _require_end(file: io.FileIO, path: Path) -> None:
    """Check that nothing follows the array."""
    with blaming("read", path):
        if is_regular(file):
            if extra := os.fstat(file.fileno()).st_size - file.tell():
                raise FileError(_surplus(path, str(extra)))
        elif extra := len(_read_up_to(file, COUNTED)):
            raise FileError(_surplus(path, str(extra) if extra < COUNTED else f"at least {extra}"))


def _surplus(path: Path, extra: str) -> str:
    return (
        f"{title('read', path)} holds {extra} bytes after its array; "
        "accepted is one array and nothing behind it"
    )


class _Copy:
    """The blocks on their way from one file to the other."""

    def __init__(
        self,
        ufunc: np.ufunc,
        source: Path,
        infile: io.FileIO,
        outfile: Output,
        size: int,
        held: np.dtype,
        result: np.dtype,
    ) -> None:
        self.ufunc, self.source, self.infile, self.outfile = ufunc, source, infile, outfile
        self.size, self.held, self.result = size, held, result
        self.block = max(1, BLOCK // max(held.itemsize, result.itemsize))
        blocks = -(-size // self.block)
        # One more than computes: another one waits for its turn.
        self.count = min(blocks, usable_cpus() + 1, MOST_THREADS)
        # What a thread takes from its queue: True when it is its turn, False when all shall end.
        self.reading = [SimpleQueue[bool]() for _ in range(self.count)]
        self.writing = [SimpleQueue[bool]() for _ in range(self.count)]
        self.ended = SimpleQueue[BaseException | None]()
        self.begun = self.done = 0  # elements
        self.halted = False

    def run(self, progress: Progress | None) -> None:
        """Work until all is written or something fails."""
        if self.count == 0:
            return
        # A stream may block a thread for ever; it must not keep the program from ending.
        threads = [Thread(target=self._work, args=(k,), daemon=True) for k in range(self.count)]
        patience = None if is_regular(self.infile) and is_regular(self.outfile) else PATIENCE
        left, threads_of_a_call = self.count, get_num_threads()
        try:
            set_num_threads(1)
            for thread in threads:
                _start(thread)
            self._hand_out()
            while left:
                try:
                    # Not without end: on Windows no signal interrupts a wait.
                    error = self.ended.get(timeout=PERIOD)
                except Empty:
                    pass
                else:
                    left -= 1
                    if error is not None:
                        raise error
                if progress is not None and self.done:
                    progress(self.done, self.size)
        finally:
            self.halted = True
            for turn in (*self.reading, *self.writing):
                turn.put(False)
            for thread in threads:
                if thread.ident is not None:
                    thread.join(patience)
            set_num_threads(threads_of_a_call)

    def _hand_out(self) -> None:
        """Begin: it is the turn of the first thread."""
        self.reading[0].put(True)
        self.writing[0].put(True)

    def _work(self, number: int) -> None:
        """Read, compute and write a block; hand either turn on to the following thread."""
        following = (number + 1) % self.count
        error = None
        try:
            x = np.empty(self.block, self.held)
            y = x if self.held == self.result else np.empty(self.block, self.result)
            while self.reading[number].get() and self.begun < self.size and not self.halted:
                count = min(self.block, self.size - self.begun)
                self._read(x[:count])
                self.begun += count
                self.reading[following].put(True)
                with np.errstate(all="ignore"):
                    self.ufunc(x[:count], out=y[:count], dtype=self.result)
                if not self.writing[number].get() or self.halted:
                    break
                self.outfile.write(y[:count].view(np.uint8).data)
                self.done += count
                self.writing[following].put(True)
            self.reading[following].put(True)  # nothing is left to read there either
        except BaseException as exc:  # for the main thread
            error = exc
        self.ended.put(error)

    def _read(self, x: np.ndarray) -> None:
        with blaming("read", self.source):
            count = _fill(self.infile, x.view(np.uint8).data)
            if count == x.nbytes:
                return
            if is_regular(self.infile):
                raise FileError(f"{title('read', self.source)} became shorter while it was read")
            bytes_read = self.begun * self.held.itemsize + count
            raise FileError(
                f"{title('read', self.source)} is truncated: its header promises "
                f"{self.size * self.held.itemsize} bytes of data, it ended after {bytes_read}"
            )


def _start(thread: Thread) -> None:
    try:
        thread.start()
    except RuntimeError as exc:  # a limit on threads or on memory
        raise MemoryError("no thread can be started") from exc
