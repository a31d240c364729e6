"""Files written whole or not at all, streams, and errors that name the file.

A file is written through descriptors only.  Its folder is held open from the start, where the
system can, so that nobody can put another folder or a link in its place.  While it is written it
has no name on Linux, so that nothing remains of a killed run; elsewhere, and on file systems that
cannot do so, it has a name that begins with `PREFIX`.

The old file is synchronised with the disk before it is replaced: after a power failure either the
old or the new content is there.  A new file is not, which would cost more than writing it; what it
was made of still exists.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from gelu_simd._cli.progress import tell

STANDARD = "-"  #: the path that means standard input or standard output
PREFIX, SUFFIX = ".gelu-simd-", ".tmp"

_LINKS = 40  # symbolic links followed at most, as Linux does
_ACL = "system.posix_acl_access"
_HAS_DIR_FD = os.open in os.supports_dir_fd
_COMMON = os.O_CLOEXEC if hasattr(os, "O_CLOEXEC") else os.O_BINARY | os.O_NOINHERIT
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", 0)
_LIKE_TMP = stat.S_ISVTX | stat.S_IWOTH  # mode of a folder that all may write to

Path = str | os.PathLike[str]
_File = TypeVar("_File", bound=io.FileIO)


class FileError(Exception):
    """A file that cannot be read, understood or written; the message is one line for the user."""


class Output(io.FileIO):
    """An unbuffered file whose `write` writes everything."""

    def write(self, data: bytes | memoryview) -> int:
        """Write all bytes of `data`, which is contiguous."""
        rest = memoryview(data).cast("B")
        while rest:
            count = super().write(rest)
            if count is None:
                raise BlockingIOError(errno.EAGAIN, "it is in non-blocking mode")
            rest = rest[count:]
        return memoryview(data).nbytes


def title(action: str, path: Path) -> str:
    """Name a file in a message; `action` is "read" or "write"."""
    if os.fspath(path) == STANDARD:
        return {"read": "standard input", "write": "standard output"}[action]
    return repr(os.fspath(path))


@contextmanager
def blaming(action: str, path: Path) -> Iterator[None]:
    """Turn an OSError into a FileError that names the path the user gave.

    A closed pipe is no fault of a file: BrokenPipeError stays what it is.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise FileError(f"cannot {action} {title(action, path)}: {exc.strerror or exc}") from exc


# ---------------------------------------------------------------------------------------------
# Reading


def open_input(source: Path) -> io.FileIO:
    """Open a regular file, a pipe or standard input."""
    with blaming("read", source):
        if os.fspath(source) == STANDARD:
            _require_open(sys.stdin)
            _require_kind(os.fstat(0).st_mode, stat.S_ISREG, stat.S_ISFIFO, stat.S_ISSOCK)
            return io.FileIO(0, closefd=False)
        _require_path(source)
        # Before it is opened: opening a device can have effects.
        _require_kind(os.stat(source).st_mode, stat.S_ISREG, stat.S_ISFIFO)
        with _closed_on_error(io.FileIO(source)) as file:
            _require_kind(os.fstat(file.fileno()).st_mode, stat.S_ISREG, stat.S_ISFIFO)
        return file


def is_regular(file: io.FileIO) -> bool:
    """Tell whether an open file is neither a pipe nor a socket."""
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


@contextmanager
def _closed_on_error(file: _File) -> Iterator[_File]:
    """Close the file if the ``with`` block fails."""
    try:
        yield file
    except BaseException:
        file.close()
        raise


def _require_open(stream: object) -> None:
    if stream is None:
        raise OSError(errno.EBADF, "it is closed")


def _require_path(path: Path) -> None:
    if not os.fspath(path):
        raise OSError(
            errno.ENOENT, "the path is empty; name a file, or - for standard input or output"
        )


def _require_kind(mode: int, *kinds: object) -> None:
    """Raise OSError unless the file is of one of the kinds, such as `stat.S_ISREG`."""
    if not any(kind(mode) for kind in kinds):
        raise OSError(errno.EINVAL, "neither a regular file nor a pipe")


# ---------------------------------------------------------------------------------------------
# Writing


@contextmanager
def writing(target: Path) -> Iterator[Output]:
    """Give a file as `replacing` does, or a stream: a pipe, or standard output for "-"."""
    if not _is_stream(target):
        with replacing(target) as file:
            yield file
        return
    with blaming("write", target), _open_stream(target) as stream:
        yield stream


def _is_stream(target: Path) -> bool:
    """Tell whether `target` is standard output or a pipe."""
    if os.fspath(target) == STANDARD:
        return True
    with suppress(OSError):
        return stat.S_ISFIFO(os.stat(target).st_mode)
    return False


def _open_stream(target: Path) -> Output:
    if os.fspath(target) != STANDARD:
        with _closed_on_error(Output(os.open(target, os.O_WRONLY | _COMMON), "wb")) as stream:
            status = os.fstat(stream.fileno())
            _require_kind(status.st_mode, stat.S_ISFIFO)
            _require_not_planted(os.stat(os.path.dirname(os.path.realpath(target))), status)
        return stream
    _require_open(sys.stdout)
    sys.stdout.flush()
    if os.isatty(1):
        raise OSError(errno.EINVAL, "it is a terminal; redirect it or name a file")
    return Output(1, "wb", closefd=False)


def write_text(target: Path, text: str) -> None:
    """Write a text to a whole file, or to standard output for "-"."""
    if os.fspath(target) == STANDARD:
        with blaming("write", target):
            _require_open(sys.stdout)
        print(text, end="")
    else:
        with writing(target) as file:
            file.write(text.encode())


def require_writable(target: Path) -> None:
    """Raise FileError if `writing` could not write `target`."""
    if not _is_stream(target):
        with blaming("write", target), _Replacement(target) as replacement:
            replacement.create()


@contextmanager
def replacing(target: Path) -> Iterator[Output]:
    """Give a file to write; at the end of the ``with`` block it takes the place of `target`.

    On any exception it vanishes, and an old `target` is left as it was.  An OSError becomes a
    FileError that names `target`.

    Symbolic links are followed once, at the start.  The new file gets the owner, the group, the
    permissions, and on Linux the access control list and the ``user`` attributes of the old one.
    Where the group cannot be kept, nobody may do more than before.
    """
    with blaming("write", target), _Replacement(target) as replacement:
        file = replacement.create()
        _tell_leftovers(replacement, target)
        yield file
        replacement.publish()


class _Replacement:
    """A file that shall take the place of another."""

    def __init__(self, target: Path) -> None:
        self.folder: int | None = None  # a descriptor
        self.name = ""  # in the folder; a whole path where there are no such descriptors
        self.old: int | None = None  # a descriptor of the file to be replaced
        self.file: Output | None = None
        self.temporary: str | None = None  # the name of `file`, if it has one
        self._target = target

    def __enter__(self) -> _Replacement:
        return self

    def __exit__(self, *_: object) -> None:
        # A signal may raise an exception once, also in here.
        try:
            self._discard()
        finally:
            self._discard()

    def create(self) -> Output:
        """Open the new file, after all that could forbid to replace the old one was looked at."""
        _require_path(self._target)
        self._locate()
        self.old = self._open_old()
        # Until it gets the permissions of the old file nobody else may read it.
        mode = 0o666 if self.old is None else 0o600
        descriptor = self._open_unnamed(mode)
        if descriptor is None:
            self.temporary = self._beside(PREFIX + os.urandom(8).hex() + SUFFIX)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _COMMON
            descriptor = os.open(self.temporary, flags, mode, dir_fd=self.folder)
        self.file = Output(descriptor, "wb")
        return self.file

    def publish(self) -> None:
        """Put the new file, which is complete, in its place."""
        new = self.file.fileno()
        if self.old is None and self.temporary is None:
            with suppress(FileExistsError):
                self._name(self.name)
                return
        if self.old is None:
            self.old = self._open_old()  # one that has come since
        if self.old is not None:
            _keep_metadata(self.old, new)
            os.fsync(new)
        if self.temporary is None:
            # A new name replaces nothing, but a file that has one can take another's.
            self.temporary = self._beside(PREFIX + os.urandom(8).hex() + SUFFIX)
            self._name(self.temporary)
        written = os.fstat(new)
        self._close()  # Windows renames no open file
        named = os.stat(self.temporary, dir_fd=self.folder, follow_symlinks=False)
        if not os.path.samestat(named, written):
            raise OSError(errno.EEXIST, f"somebody replaced {self.temporary!r}")
        os.replace(self.temporary, self.name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
        self.temporary = None

    def leftovers(self) -> list[str]:
        """Return the names in the folder that other runs have left, or are writing."""
        with suppress(OSError):
            if self.folder is None:
                names = os.listdir(os.path.dirname(self.name))
            else:
                listing = os.open(".", os.O_RDONLY | _COMMON, dir_fd=self.folder)
                try:
                    names = os.listdir(listing)
                finally:
                    os.close(listing)
            own = os.path.basename(self.temporary or "")
            return [n for n in names if n.startswith(PREFIX) and n.endswith(SUFFIX) and n != own]
        return []

    def _locate(self) -> None:
        """Follow the links of the target once; hold the folder of the last one open."""
        path = os.fspath(self._target)
        if not _HAS_DIR_FD:
            self.name = os.path.realpath(path)
            return
        special = _special_devices()
        for _ in range(_LINKS):
            head, self.name = os.path.split(path)
            if self.name in {"", os.curdir, os.pardir}:
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            former = self.folder
            self.folder = os.open(head or os.curdir, os.O_RDONLY | _FOLDER | _COMMON, dir_fd=former)
            if former is not None:
                os.close(former)
            if os.fstat(self.folder).st_dev in special:
                raise OSError(
                    errno.EINVAL,
                    "in /dev and /proc only a pipe can be written; - is standard output",
                )
            status = self._status()
            if status is None or not stat.S_ISLNK(status.st_mode):
                return
            _require_not_planted(os.fstat(self.folder), status)
            path = os.readlink(self.name, dir_fd=self.folder)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))

    def _status(self) -> os.stat_result | None:
        """Return the status of what has the name, of a link itself; None if nothing has it."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def _open_old(self) -> int | None:
        """Open the file to be replaced, as proof that it may be written; None if there is none."""
        status = self._status()
        if status is None:
            return None
        _require_kind(status.st_mode, stat.S_ISREG)
        try:
            old = os.open(self.name, os.O_WRONLY | _NO_LINK | _COMMON, dir_fd=self.folder)
        except PermissionError:
            raise PermissionError(errno.EACCES, "the file is write-protected") from None
        try:
            status = os.fstat(old)
            _require_kind(status.st_mode, stat.S_ISREG)
            if self.folder is not None:
                _require_replaceable(os.fstat(self.folder), status)
        except BaseException:
            os.close(old)
            raise
        return old

    def _open_unnamed(self, mode: int) -> int | None:
        """Open a file without a name in the folder, None where there is no such thing."""
        if not hasattr(os, "O_TMPFILE"):
            return None
        with suppress(OSError):
            new = os.open(".", os.O_TMPFILE | os.O_WRONLY | _COMMON, mode, dir_fd=self.folder)
            with suppress(OSError):  # without /proc it could never get a name
                if os.path.samestat(os.stat(f"/proc/self/fd/{new}"), os.fstat(new)):
                    return new
            os.close(new)
        return None

    def _name(self, name: str) -> None:
        """Give the file without a name one that is free."""
        os.link(f"/proc/self/fd/{self.file.fileno()}", name, dst_dir_fd=self.folder)

    def _beside(self, name: str) -> str:
        return os.path.join(os.path.dirname(self.name), name)

    def _close(self) -> None:
        if self.file is not None:
            self.file.close()
        if self.old is not None:
            old, self.old = self.old, None
            os.close(old)

    def _discard(self) -> None:
        """Close everything and remove the new file if it still has a name of its own."""
        self._close()
        if self.temporary is not None:
            with suppress(OSError):
                os.unlink(self.temporary, dir_fd=self.folder)
            self.temporary = None
        if self.folder is not None:
            folder, self.folder = self.folder, None
            os.close(folder)


def _special_devices() -> set[int]:
    """Return the device numbers of the file systems whose files are no files."""
    devices = set()
    for folder in ("/dev", "/dev/fd", "/proc"):
        with suppress(OSError):
            devices.add(os.stat(folder).st_dev)
    return devices - {os.stat(os.sep).st_dev}


def _require_not_planted(folder: os.stat_result, status: os.stat_result) -> None:
    """Raise PermissionError for another user's link, file or pipe in a folder such as /tmp.

    Whoever put it there could choose what is overwritten, or who owns the result.  Linux has such
    rules too (fs.protected_symlinks, fs.protected_regular, fs.protected_fifos).  They may be off,
    and do not see the links that this module follows itself, nor files opened without O_CREAT.
    """
    trusted = {os.geteuid(), folder.st_uid}
    if folder.st_mode & _LIKE_TMP == _LIKE_TMP and status.st_uid not in trusted:
        raise PermissionError(
            errno.EPERM,
            "another user may have planted it, in a folder with the sticky bit where all may "
            "write; name a file that does not exist, or one of yours",
        )


def _require_replaceable(folder: os.stat_result, status: os.stat_result) -> None:
    """Raise PermissionError now for a file that could not be replaced in the end."""
    _require_not_planted(folder, status)
    movers = {0, status.st_uid, folder.st_uid}
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in movers:
        raise PermissionError(
            errno.EPERM,
            "in a folder with the sticky bit only its owner may replace a file; "
            "name a file that does not exist, or one of yours",
        )


def _tell_leftovers(replacement: _Replacement, target: Path) -> None:
    if names := replacement.leftovers():
        more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
        tell(
            f"note: {names[0]!r}{more} beside {title('write', target)} is the unfinished output "
            "of another run; if none is at work there, it was killed: delete the file"
        )


# ---------------------------------------------------------------------------------------------
# Owner, permissions, attributes


def _keep_metadata(old: int, new: int) -> None:
    """Give the new file the owner, group, permissions and attributes of the old one, or less."""
    if not hasattr(os, "fchown"):  # Windows
        return
    before = os.fstat(old)
    for owner in (before.st_uid, -1):
        try:
            os.fchown(new, owner, before.st_gid)
            break
        except OSError:  # not permitted, or no such owner in this container
            continue
    same_group = os.fstat(new).st_gid == before.st_gid
    mode = before.st_mode & 0o777
    if not _keep_attributes(old, new, same_group):
        mode &= 0o700
    elif not same_group:
        # Members of the old group become others, others may be members of the new group.
        both = mode >> 3 & mode & 0o7
        mode = mode & 0o700 | both << 3 | both
    os.fchmod(new, mode)


def _keep_attributes(old: int, new: int, same_group: bool) -> bool:
    """Copy what can be copied; tell whether the access control list, if any, is kept."""
    if not hasattr(os, "listxattr"):
        return True
    names, inherited = _attributes(old), _attributes(new)
    for name in names:
        if name.startswith("user."):
            os.setxattr(new, name, os.getxattr(old, name))
        elif name == "security.selinux":
            with suppress(OSError):
                os.setxattr(new, name, os.getxattr(old, name))
    if _ACL in names and same_group:
        with suppress(OSError):
            os.setxattr(new, _ACL, os.getxattr(old, _ACL))
            return True
    if _ACL in inherited:
        os.removexattr(new, _ACL)
    return _ACL not in names


def _attributes(file: int) -> list[str]:
    try:
        return os.listxattr(file)
    except OSError:  # the file system has none
        return []
