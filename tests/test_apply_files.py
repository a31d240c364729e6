"""The output of `apply` appears whole or not at all, and opens no door to anybody."""

import errno
import os
import stat
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from helpers import check_error, posix, run, saved, start

import gelu_simd
from gelu_simd._cli import apply as module
from gelu_simd._cli import files as writer
from gelu_simd._cli.apply import apply
from gelu_simd._cli.files import FileError

ZEROS = saved(np.zeros(3))
OLD = saved(np.ones(3))

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can become another user"
)


@pytest.fixture
def files(tmp_path):
    source, target = tmp_path / "in.npy", tmp_path / "out.npy"
    source.write_bytes(ZEROS)
    return source, target


@pytest.fixture(params=["unnamed", "named", "by path"])
def kind(request, monkeypatch):
    """Write a file without a name, as on Linux, with one, as elsewhere, by path as on Windows."""
    if request.param != "unnamed":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("needs Linux's files without a name")
    if request.param == "by path":
        monkeypatch.setattr(writer, "_HAS_DIR_FD", False)
    elif not writer._HAS_DIR_FD:
        pytest.skip("needs descriptors of folders")
    return request.param


def hook(monkeypatch, name, action):
    """Have `action` called just before a function of os."""
    original = getattr(os, name)

    def hooked(*args, **kwargs):
        action()
        return original(*args, **kwargs)

    monkeypatch.setattr(os, name, hooked)


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


# ---- whole or not at all ----


class Stop(BaseException):
    """Like a signal's exception: not an Exception."""


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("fault", [FULL, Stop()], ids=["error", "signal"])
@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize(
    "function", ["open", "stat", "fstat", "fsync", "fchown", "fchmod", "link", "replace", "write"]
)
def test_a_fault_at_any_step_leaves_the_old_output_alone(
    files, monkeypatch, fault, exists, function
):
    """At every call of a function in turn."""
    source, target = files
    if exists:
        target.write_bytes(OLD)
    before = sorted(target.parent.iterdir())
    owner = writer.Output if function == "write" else os
    if not hasattr(owner, function):
        pytest.skip(f"this system has no {function}")
    original = getattr(owner, function)
    for number in range(100):
        left = number

        def fail(*args, **kwargs):
            nonlocal left
            left -= 1
            if left == -1:
                raise fault
            return original(*args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(owner, function, fail)
            try:
                apply(gelu_simd.gelu, source, target)
            except (FileError, Stop) as exc:
                error = exc
            else:
                error = None
        if left >= 0:  # there are no more calls
            break
        if error is None:  # there is a way around the fault
            target.unlink()
            if exists:
                target.write_bytes(OLD)
        assert sorted(target.parent.iterdir()) == before
        if exists:
            assert target.read_bytes() == OLD
        if isinstance(error, FileError):
            assert str(error).endswith("No space left on device")
    assert target.read_bytes() == ZEROS


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS"])
def test_a_disk_that_fails_in_the_middle(files, monkeypatch, code):
    source, target = files
    source.write_bytes(saved(np.zeros(5000)))
    target.write_bytes(OLD)
    monkeypatch.setattr(module, "BLOCK", 800)
    number = getattr(errno, code, errno.EIO)
    count = 0

    def write(self, data, original=writer.Output.write):
        nonlocal count
        count += 1
        if count == 20:
            raise OSError(number, os.strerror(number))
        return original(self, data)

    monkeypatch.setattr(writer.Output, "write", write)
    with pytest.raises(FileError) as caught:
        apply(gelu_simd.gelu, source, target)
    assert str(caught.value) == f"cannot write {str(target)!r}: {os.strerror(number)}"
    assert target.read_bytes() == OLD
    assert sorted(target.parent.iterdir()) == [source, target]


@linux
def test_nothing_has_a_name_while_it_is_written(files, monkeypatch):
    source, target = files
    target.write_bytes(OLD)
    names = []
    hook(monkeypatch, "fsync", lambda: names.append(sorted(target.parent.iterdir())))
    apply(gelu_simd.gelu, source, target)
    assert names == [[source, target]]


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("function", ["link", "replace"])
def test_a_file_that_comes_at_the_last_moment(files, monkeypatch, function):
    source, target = files
    hook(monkeypatch, function, lambda: target.exists() or target.write_bytes(OLD))
    apply(gelu_simd.gelu, source, target)
    assert target.read_bytes() == ZEROS
    assert sorted(target.parent.iterdir()) == [source, target]


def test_leftovers_are_explained(files, capsys):
    source, target = files
    leftover = target.with_name(writer.PREFIX + "0123456789abcdef" + writer.SUFFIX)
    leftover.touch()
    apply(gelu_simd.gelu, source, target)
    note = capsys.readouterr().err
    assert note.count("\n") == 1
    assert f"note: {leftover.name!r} beside {str(target)!r} is the unfinished output of" in note
    other = leftover.with_stem(writer.PREFIX + "f" * 16)
    other.touch()
    apply(gelu_simd.gelu, source, target)
    note = capsys.readouterr().err
    assert note.count("\n") == 1
    assert "tmp' (and 1 more) beside" in note
    leftover.unlink()
    other.unlink()
    apply(gelu_simd.gelu, source, target)
    assert capsys.readouterr().err == ""


@posix
@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "2>&1 | true"])
def test_a_note_that_nobody_can_read_is_no_fault(files, redirection):
    source, target = files
    if not Path("/dev/full").exists():
        pytest.skip("needs Linux's /dev/full")
    target.with_name(writer.PREFIX + "0123456789abcdef" + writer.SUFFIX).touch()
    script = f"{{ '$0' -m gelu_simd apply in.npy out.npy; echo $? > code; }} {redirection}"
    done = subprocess.run(
        ["sh", "-c", script.replace("'", '"'), sys.executable],
        cwd=source.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == ""
    assert target.with_name("code").read_text() == "0\n"
    assert target.read_bytes() == ZEROS


@pytest.mark.usefixtures("kind")
def test_a_file_that_comes_meanwhile_is_replaced_as_an_old_one(files):
    source, target = files

    def come(*_):
        target.write_bytes(OLD)
        target.chmod(0o600)

    apply(gelu_simd.gelu, source, target, progress=come)
    assert target.read_bytes() == ZEROS
    if os.name == "posix":
        assert permissions(target) == 0o600


@posix
@pytest.mark.usefixtures("kind")
def test_hard_links_keep_the_old_numbers(files):
    """As the help says."""
    source, target = files
    target.write_bytes(OLD)
    other = target.with_name("other.npy")
    other.hardlink_to(target)
    apply(gelu_simd.gelu, source, target)
    assert (target.read_bytes(), other.read_bytes()) == (ZEROS, OLD)
    help_text = " ".join(run("apply", "--help").stdout.split())
    assert "other hard links to the old file keep the old numbers" in help_text


# ---- links ----


@posix
@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("dangling", [False, True])
def test_symbolic_links_are_followed(files, tmp_path, dangling):
    source, target = files
    real = tmp_path / "folder" / "real.npy"
    real.parent.mkdir()
    if not dangling:
        real.write_bytes(OLD)
    (tmp_path / "link").symlink_to(Path("folder", "real.npy"))
    target.symlink_to("link")
    apply(gelu_simd.gelu, source, target)
    assert target.is_symlink()
    assert real.read_bytes() == ZEROS
    assert list(real.parent.iterdir()) == [real]


@posix
def test_a_circle_of_links(files):
    source, target = files
    target.symlink_to(target)
    with pytest.raises(FileError, match="Too many levels of symbolic links"):
        apply(gelu_simd.gelu, source, target)


@posix
@pytest.mark.usefixtures("kind")
def test_a_link_that_changes_is_not_followed_again(files, monkeypatch):
    source, target = files
    first, second = target.with_name("first.npy"), target.with_name("second.npy")
    for file in (first, second):
        file.write_bytes(OLD)
    target.symlink_to(first)

    def turn():
        target.unlink()
        target.symlink_to(second)

    hook(monkeypatch, "fsync", turn)
    apply(gelu_simd.gelu, source, target)
    assert (first.read_bytes(), second.read_bytes()) == (ZEROS, OLD)


@posix
@pytest.mark.usefixtures("kind")
def test_a_link_in_the_place_of_the_output_is_replaced_not_followed(files, monkeypatch):
    source, target = files
    target.write_bytes(OLD)
    victim = target.with_name("victim")
    victim.write_text("private")
    victim.chmod(0o600)

    def plant():
        target.unlink()
        target.symlink_to(victim)

    hook(monkeypatch, "fsync", plant)
    apply(gelu_simd.gelu, source, target)
    assert not target.is_symlink()
    assert target.read_bytes() == ZEROS
    assert (victim.read_text(), permissions(victim)) == ("private", 0o600)


@posix
def test_a_folder_that_is_moved_keeps_its_file(files, monkeypatch, tmp_path, kind):
    """The folder is held open: another one under its name gets nothing."""
    if kind == "by path":
        pytest.skip("needs descriptors of folders")
    source, _ = files
    folder = tmp_path / "folder"
    folder.mkdir()
    target = folder / "out.npy"
    target.write_bytes(OLD)

    def move():
        folder.rename(tmp_path / "moved")
        folder.mkdir()

    hook(monkeypatch, "fsync", move)
    apply(gelu_simd.gelu, source, target)
    assert list(folder.iterdir()) == []
    assert (tmp_path / "moved" / "out.npy").read_bytes() == ZEROS


# Another user puts something in a folder such as /tmp before the output is there.
PLANTED = {
    "link": lambda path, victim: path.symlink_to(victim),
    "link to nothing": lambda path, victim: path.symlink_to(victim.with_name("new")),
    "file": lambda path, _: path.write_bytes(OLD),
    "pipe": lambda path, _: os.mkfifo(path),
}


@root
@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("writer", ["root", "user"])
def test_what_another_user_may_have_planted(shared, tmp_path, what, writer):
    victim, target = tmp_path / "victim", shared / "out.npy"
    victim.write_text("private")
    tmp_path.chmod(0o777)
    shared.chmod(0o1777)
    PLANTED[what](target, victim)
    os.chown(target, 4000, 4000, follow_symlinks=False)
    if what in {"file", "pipe"}:
        target.chmod(0o666)
    reader = os.open(target, os.O_RDONLY | os.O_NONBLOCK) if what == "pipe" else None
    if writer == "user":
        check_error(as_user(shared), "cannot write 'out.npy': another user may have planted it, ")
    else:
        with pytest.raises(FileError, match="another user may have planted it, in a folder with"):
            apply(gelu_simd.gelu, shared / "in.npy", target)
    if reader is not None:
        assert os.read(reader, 1) == b""
        os.close(reader)
    assert victim.read_text() == "private"
    assert [p.name for p in tmp_path.iterdir()] == ["victim"]
    assert sorted(p.name for p in shared.iterdir()) == ["in.npy", "out.npy"]


@root
@pytest.mark.parametrize(
    ("mode", "folder", "link"),
    [(0o1777, 0, 0), (0o1777, 4000, 4000), (0o1775, 0, 4000), (0o777, 0, 4000)],
)
def test_links_that_nobody_else_could_plant_are_followed(shared, tmp_path, mode, folder, link):
    """The writer's, the folder's owner's, and where anybody may replace anything."""
    own(shared, folder)
    shared.chmod(mode)
    target = shared / "out.npy"
    target.symlink_to(tmp_path / "new")
    os.chown(target, link, link, follow_symlinks=False)
    apply(gelu_simd.gelu, shared / "in.npy", target)
    assert (tmp_path / "new").read_bytes() == ZEROS


# A user who may write to the folder puts a link in the place of the temporary file.
PLANT = """
import os
if hasattr(os, "O_TMPFILE"):
    del os.O_TMPFILE
original = os.fsync

def fsync(file):
    original(file)
    [name] = [name for name in os.listdir() if name.startswith(".gelu-simd-")]
    os.unlink(name)
    os.symlink("victim", name)

os.fsync = fsync
"""


@pytest.fixture
def shared():
    """A folder that every user can reach and write to."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "in.npy").write_bytes(ZEROS)
        (folder / "in.npy").chmod(0o644)
        yield folder


def as_user(shared, code="", groups=(3001,), args=("in.npy", "out.npy")):
    """Run `apply` in the folder, as an ordinary user if this is root; return the process done."""
    # The user may have no right to read Python and this package; argparse imports locale late.
    user = f"""
import locale
import os
import gelu_simd._cli.main
if os.geteuid() == 0:
    os.setgroups({list(groups)})
    os.setgid(3000)
    os.setuid(3000)
"""
    child = start(user + code, "apply", *args, cwd=shared)
    stdout, stderr = child.communicate(timeout=60)
    return subprocess.CompletedProcess(child.args, child.returncode, stdout, stderr)


def own(path, user=3000, group=3000):
    """Give a file to the ordinary user that `as_user` runs as."""
    if os.geteuid() == 0:
        os.chown(path, user, group)


@posix
def test_planted_link_changes_no_other_file(shared):
    victim, target = shared / "victim", shared / "out.npy"
    victim.write_text("private")
    target.write_bytes(OLD)
    victim.chmod(0o600)
    target.chmod(0o666)
    own(victim)
    own(target)
    done = as_user(shared, PLANT)
    check_error(done, r"cannot write 'out.npy': somebody replaced '\.gelu-simd-\w+\.tmp'")
    assert permissions(victim) == 0o600
    assert victim.read_text() == "private"
    assert target.read_bytes() == OLD
    assert sorted(p.name for p in shared.iterdir()) == ["in.npy", "out.npy", "victim"]


# ---- permissions, owner, group, attributes ----


@posix
@pytest.mark.usefixtures("kind")
def test_new_file_has_the_default_permissions(files):
    source, target = files
    before = os.umask(0o027)
    try:
        apply(gelu_simd.gelu, source, target)
    finally:
        os.umask(before)
    assert permissions(target) == 0o640


@posix
@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o755, 0o200 | 0o044])
def test_existing_file_keeps_its_permissions(files, monkeypatch, mode):
    source, target = files
    target.write_bytes(OLD)
    target.chmod(mode)
    while_written = []
    original = os.fchmod

    def fchmod(file, new):
        while_written.append(stat.S_IMODE(os.fstat(file).st_mode))
        original(file, new)

    monkeypatch.setattr(os, "fchmod", fchmod)
    apply(gelu_simd.gelu, source, target)
    assert while_written == [0o600]
    assert permissions(target) == mode


@posix
@pytest.mark.usefixtures("kind")
def test_no_bits_beyond_the_permissions(files):
    """Not the bits that let others run a program as its owner."""
    source, target = files
    target.write_bytes(OLD)
    target.chmod(0o6755)
    assert permissions(target) & 0o6000, "the file system keeps such bits"
    apply(gelu_simd.gelu, source, target)
    assert permissions(target) == 0o755


@posix
def test_permissions_are_those_at_the_end(files):
    source, target = files
    target.write_bytes(OLD)
    target.chmod(0o644)
    apply(gelu_simd.gelu, source, target, progress=lambda *_: target.chmod(0o600))
    assert permissions(target) == 0o600


@root
@pytest.mark.usefixtures("kind")
def test_root_keeps_owner_and_group(files):
    source, target = files
    target.write_bytes(OLD)
    os.chown(target, 3000, 3001)
    target.chmod(0o640)
    apply(gelu_simd.gelu, source, target)
    status = target.stat()
    assert (status.st_uid, status.st_gid, permissions(target)) == (3000, 3001, 0o640)


@root
@pytest.mark.parametrize("named", ["", "import os\ndel os.O_TMPFILE\n"])
@pytest.mark.parametrize(
    ("owner", "group", "mode", "left"),
    [
        (3000, 3001, 0o640, (3000, 3001, 0o640)),  # a group of the writer's
        (3000, 4000, 0o640, (3000, 3000, 0o600)),  # a group that the writer is not in
        (3000, 4000, 0o664, (3000, 3000, 0o644)),
        (3000, 4000, 0o604, (3000, 3000, 0o600)),
        (5000, 3001, 0o660, (3000, 3001, 0o660)),  # somebody else's
        (5000, 4000, 0o666, (3000, 3000, 0o666)),
        (5000, 4000, 0o606, (3000, 3000, 0o600)),
    ],
)
def test_nobody_may_do_more_than_before(shared, named, owner, group, mode, left):
    target = shared / "out.npy"
    target.write_bytes(OLD)
    own(target, owner, group)
    target.chmod(mode)
    done = as_user(shared, named)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    status = target.stat()
    assert (status.st_uid, status.st_gid, permissions(target)) == left
    assert target.read_bytes() == ZEROS


ACL = "system.posix_acl_access"


def acl(*entries):
    """Return an access control list: (tag, permissions, id) of each entry."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NONE = 0xFFFFFFFF
# The owner, user 3002, the group, the mask, others.
SHARED = acl((1, 6, NONE), (2, 6, 3002), (4, 0, NONE), (16, 6, NONE), (32, 0, NONE))


def set_attribute(path, name, value):
    try:
        os.setxattr(path, name, value)
    except OSError as exc:
        pytest.skip(f"no attribute {name} here: {exc}")


@linux
@pytest.mark.usefixtures("kind")
def test_attributes_and_access_control_lists_are_kept(files):
    source, target = files
    target.write_bytes(OLD)
    set_attribute(target, "user.origin", b"sensor 7")
    set_attribute(target, ACL, SHARED)
    apply(gelu_simd.gelu, source, target)
    assert os.getxattr(target, "user.origin") == b"sensor 7"
    assert os.getxattr(target, ACL) == SHARED
    assert permissions(target) == 0o660
    assert target.read_bytes() == ZEROS


@linux
@pytest.mark.usefixtures("kind")
def test_no_access_control_list_comes_from_the_folder(files):
    source, target = files
    target.write_bytes(OLD)
    target.chmod(0o660)
    set_attribute(target.parent, "system.posix_acl_default", SHARED)
    apply(gelu_simd.gelu, source, target)
    assert ACL not in os.listxattr(target)
    assert permissions(target) == 0o660


@root
@linux
def test_access_control_list_of_a_group_that_changes(shared):
    """The list's entries for the group would be for another one."""
    target = shared / "out.npy"
    target.write_bytes(OLD)
    own(target, 3000, 4000)
    set_attribute(target, ACL, acl((1, 6, NONE), (2, 6, 3002), (4, 4, NONE), (16, 6, NONE),
                                   (32, 4, NONE)))  # fmt: skip
    done = as_user(shared)
    assert (done.returncode, done.stderr) == (0, "")
    assert ACL not in os.listxattr(target)
    assert permissions(target) == 0o600


@linux
def test_an_attribute_that_cannot_be_kept_is_an_error(files, monkeypatch):
    source, target = files
    target.write_bytes(OLD)
    set_attribute(target, "user.origin", b"sensor 7")

    def fail(*_):
        raise FULL

    monkeypatch.setattr(os, "setxattr", fail)
    with pytest.raises(FileError, match="No space left on device"):
        apply(gelu_simd.gelu, source, target)
    assert target.read_bytes() == OLD


# ---- refused before anything is computed ----


@pytest.fixture
def uncomputed(monkeypatch):
    """Let computing fail the test."""
    monkeypatch.setattr(module._Copy, "run", lambda *_: pytest.fail("computed"))


@pytest.mark.usefixtures("uncomputed")
def test_what_is_no_file(files, tmp_path):
    source, target = files
    target.mkdir()
    for path in (target, tmp_path, str(target) + os.sep, str(tmp_path) + "/missing/"):
        with pytest.raises(FileError, match=r"cannot write .*: (neither a regular|Is a dir|No su)"):
            apply(gelu_simd.gelu, source, path)
    with pytest.raises(FileError, match="cannot write '': the path is empty; name a file, or -"):
        apply(gelu_simd.gelu, source, "")
    with pytest.raises(FileError, match="cannot read '': the path is empty; name a file, or -"):
        apply(gelu_simd.gelu, "", target)
    assert sorted(tmp_path.iterdir()) == [source, target]
    assert list(target.iterdir()) == []


@posix
@pytest.mark.usefixtures("uncomputed")
def test_devices(files):
    source, _ = files
    with pytest.raises(FileError, match="cannot read '/dev/zero': neither a regular file nor a"):
        apply(gelu_simd.gelu, "/dev/zero", source)
    for path in ("/dev/null", "/dev/gelu_simd.npy"):
        with pytest.raises(FileError, match=f"cannot write '{path}': in /dev and /proc only a"):
            apply(gelu_simd.gelu, source, path)
        assert path == "/dev/null" or not Path(path).exists()


@linux
@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_standard_output_that_is_a_file_is_not_replaced(files, tmp_path, path):
    source, _ = files
    log = tmp_path / "log"
    log.write_text("begin\n")
    (tmp_path / "link").symlink_to("/dev/stdout")
    with log.open("a") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "gelu_simd", "apply", source, path],
            cwd=tmp_path, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    message = "in /dev and /proc only a pipe can be written; - is standard output"
    assert done.stderr == f"gelu-simd: error: cannot write {path!r}: {message}\n"
    assert log.read_text() == "begin\n"


@linux
def test_shared_memory_is_no_device(files):
    source, _ = files
    folder = Path("/dev/shm")
    if not os.access(folder, os.W_OK) or folder.stat().st_dev == Path("/dev").stat().st_dev:
        pytest.skip("no file system of its own in /dev/shm")
    with tempfile.TemporaryDirectory(dir=folder) as name:
        apply(gelu_simd.gelu, source, Path(name, "out.npy"))
        assert Path(name, "out.npy").read_bytes() == ZEROS


@root
@pytest.mark.parametrize(("owner", "refused"), [(3000, False), (5000, True)])
def test_sticky_folder(shared, owner, refused):
    """Refused at once, not when all is computed."""
    target = shared / "out.npy"
    target.write_bytes(OLD)
    target.chmod(0o666)
    own(target, owner)
    own(shared, 0)
    shared.chmod(0o1770)
    compute = "from gelu_simd._cli import apply\ndel apply._Copy\n" if refused else ""
    done = as_user(shared, compute)
    if refused:
        check_error(done, "in a folder with the sticky bit only its owner may replace a file; ")
    assert target.read_bytes() == (OLD if refused else ZEROS)


@posix
def test_write_protected_file(shared):
    target = shared / "out.npy"
    target.write_bytes(OLD)
    target.chmod(0o444)
    check_error(as_user(shared), "cannot write 'out.npy': the file is write-protected")
    assert target.read_bytes() == OLD


@posix
def test_write_protected_folder(shared):
    shared.chmod(0o555)
    check_error(as_user(shared), "cannot write 'out.npy': Permission denied")


@posix
def test_folder_that_may_be_written_but_not_listed(shared):
    folder = shared / "box"
    folder.mkdir()
    own(folder)
    folder.chmod(0o333)
    done = as_user(shared, args=("in.npy", "box/out.npy"))
    folder.chmod(0o777)
    if sys.platform == "linux":
        assert (done.returncode, done.stderr) == (0, "")
        assert (folder / "out.npy").read_bytes() == ZEROS
    else:  # a folder cannot be held open without the right to list it
        check_error(done, "cannot write 'box/out.npy': Permission denied")
