"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO


class FileError(Exception):
    """A file that cannot be read, understood or written; the message is one line for the user."""


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Give a file to write; at the end of the ``with`` block it takes the place of `target`.

    On any exception it is removed, and an old `target` is left as it was.  An OSError becomes a
    FileError that names `target`.
    """
    with blaming("write", target):
        mode = _mode_to_keep(target)
        final = target.resolve()
        temporary = final.with_name(f".gelu-simd-{secrets.token_hex(8)}.tmp")
        try:
            # From the start no more open than what it replaces.
            opener = partial(os.open, mode=0o666 if mode is None else mode)
            with open(temporary, "xb", opener=opener) as outfile:
                yield outfile
                outfile.flush()
                os.fsync(outfile.fileno())
            if mode is not None:
                temporary.chmod(mode)
            temporary.replace(final)
        except BaseException:  # KeyboardInterrupt and its like too
            with suppress(OSError):
                temporary.unlink()
            raise


def require_writable(target: Path) -> None:
    """Raise FileError if `replacing` could not write `target`."""
    with blaming("write", target):
        _mode_to_keep(target)
        TemporaryFile(dir=target.resolve().parent).close()


def _mode_to_keep(path: Path) -> int | None:
    """Return the permissions of the file to be replaced, None if there is none."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    require_regular(mode)
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is write-protected")
    return stat.S_IMODE(mode)


def require_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file")


@contextmanager
def blaming(action: str, path: Path) -> Iterator[None]:
    """Turn an OSError into a FileError that names the path the user gave."""
    try:
        yield
    except OSError as exc:
        raise FileError(f"cannot {action} {str(path)!r}: {exc.strerror or exc}") from exc
