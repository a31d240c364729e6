"""`_apply.apply` gives what the ufunc gives in memory, or one clear error and no debris."""

import errno
import io
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import posix
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib import format as npy

import gelu_simd
from gelu_simd._cli import apply as _apply
from gelu_simd._cli.apply import apply
from gelu_simd._cli.files import FileError

REAL = "?bBhHiIlLqQefd"  # type codes of all that a float64 ufunc accepts


def saved(array, version=(1, 0)):
    file = io.BytesIO()
    npy.write_array(file, array, version)
    return file.getvalue()


def random_array(code, shape, order="C"):
    """Return an array of random bits, so it holds NaNs, infinities and subnormals too."""
    dtype = np.dtype(code)
    size = int(np.prod(shape))
    if dtype.kind == "b":
        return (np.arange(size) % 3 == 0).reshape(shape, order=order)
    bits = np.random.default_rng(size).bytes(size * dtype.itemsize)
    return np.frombuffer(bits, dtype).reshape(shape, order=order)


@pytest.fixture
def files(tmp_path):
    return tmp_path / "in.npy", tmp_path / "out.npy"


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(_apply, "BLOCK", 7)


def in_memory(ufunc, path, dtype=None):
    """Return the bytes of the file that a user without `apply` would save."""
    with np.errstate(all="ignore"):
        return saved(np.asanyarray(ufunc(np.load(path), dtype=dtype)))


def check(files, ufunc, data, dtype=None):
    source, target = files
    source.write_bytes(data)
    apply(ufunc, source, target, dtype)
    assert target.read_bytes() == in_memory(ufunc, source, dtype)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "gelu_grad", "gelu_tanh_grad"])
@pytest.mark.parametrize("code", REAL)
def test_same_bits_as_in_memory(files, name, code):
    array = random_array(code, (5, 4, 3))
    check(files, getattr(gelu_simd, name), saved(array))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("wanted", ["float32", "float64"])
@pytest.mark.parametrize("code", REAL + "g")
def test_dtype_is_that_of_the_ufunc(files, code, wanted):
    least = 0 if np.dtype(code).kind == "u" else -9  # Arm reports a negative number made unsigned
    array = np.linspace(least, 9, 50).astype(code)
    check(files, gelu_simd.gelu, saved(array), np.dtype(wanted))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2), (7,), (2, 7), (5, 1, 9), (1,) * 20])
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("code", ["<f4", ">f4", "<f8", ">f8", ">i2"])
def test_shapes_orders_and_byte_orders(files, shape, order, code):
    check(files, gelu_simd.gelu, saved(random_array(code, shape, order)))


def test_more_than_one_block_of_the_real_size(files):
    check(files, gelu_simd.gelu_tanh, saved(random_array("f4", 2 * _apply.BLOCK + 1)))


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_format_versions(files, version):
    check(files, gelu_simd.gelu, saved(random_array("f4", (3, 5)), version))


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_header_of_any_length_leaves_unaligned_data_alone(files, version):
    head, data = saved(np.arange(6.0), version).split(b"\n", 1)
    size = slice(8, 10 if version == (1, 0) else 12)
    head = bytearray(head + b"   \n")  # three more, so the data begin at an odd offset
    head[size] = (len(head) - size.stop).to_bytes(size.stop - size.start, "little")
    check(files, gelu_simd.gelu, bytes(head) + data)


def test_bytes_after_the_data_are_ignored(files):
    check(files, gelu_simd.gelu, saved(np.arange(4.0)) + b"more")


def test_no_floating_point_warning(files):
    with np.errstate(all="raise"):
        source, target = files
        np.save(source, np.array([0x7F800001], np.uint32).view(np.float32))  # signalling NaN
        apply(gelu_simd.gelu, source, target)


@pytest.mark.usefixtures("small_blocks")
def test_output_may_be_the_input(files):
    source, _ = files
    np.save(source, np.linspace(-5, 5, 100))
    expected = in_memory(gelu_simd.gelu, source)
    apply(gelu_simd.gelu, source, source)
    assert source.read_bytes() == expected


@pytest.mark.usefixtures("small_blocks")
def test_progress_counts_up_to_all_elements(files):
    source, target = files
    np.save(source, np.zeros(17))
    calls = []
    apply(gelu_simd.gelu, source, target, progress=lambda *call: calls.append(call))
    assert calls == [(7, 17), (14, 17), (17, 17)]


@posix
def test_new_file_has_the_default_permissions(files):
    source, target = files
    np.save(source, np.zeros(3))
    apply(gelu_simd.gelu, source, target)
    assert target.stat().st_mode == source.stat().st_mode


@posix
def test_existing_file_keeps_its_permissions(files):
    source, target = files
    np.save(source, np.zeros(3))
    np.save(target, np.ones(3))
    target.chmod(0o640)
    while_written = []

    def look(*_):
        [temporary] = target.parent.glob(".gelu-simd-*")
        while_written.append(stat.S_IMODE(temporary.stat().st_mode))

    apply(gelu_simd.gelu, source, target, progress=look)
    assert while_written == [0o640]
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@posix
@pytest.mark.parametrize("dangling", [False, True])
def test_symbolic_link_is_followed(files, tmp_path, dangling):
    source, target = files
    np.save(source, np.arange(3.0))
    real = tmp_path / "folder" / "real.npy"
    real.parent.mkdir()
    if not dangling:
        np.save(real, np.ones(3))
    target.symlink_to(Path("folder", "real.npy"))
    apply(gelu_simd.gelu, source, target)
    assert target.is_symlink()
    assert real.read_bytes() == in_memory(gelu_simd.gelu, source)
    assert list(real.parent.iterdir()) == [real]


class Stop(BaseException):
    """Like a signal's exception: not an Exception."""


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), Stop()])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (os, "open"),
        (npy, "write_array_header_1_0"),
        (os, "fsync"),
        (Path, "chmod"),
        (Path, "replace"),
    ],
)
def test_a_fault_at_any_step_leaves_the_old_output_alone(files, monkeypatch, fault, owner, name):
    source, target = files
    np.save(source, np.zeros(3))
    np.save(target, np.ones(3))
    before = sorted(target.parent.iterdir())

    def fail(*_, **__):
        raise fault

    monkeypatch.setattr(owner, name, fail)
    with pytest.raises(Stop if isinstance(fault, Stop) else FileError) as caught:
        apply(gelu_simd.gelu, source, target)
    monkeypatch.undo()
    if not isinstance(fault, Stop):
        assert str(caught.value) == f"cannot write {str(target)!r}: No space left on device"
    assert sorted(target.parent.iterdir()) == before
    assert np.array_equal(np.load(target), np.ones(3))


@pytest.mark.usefixtures("small_blocks")
def test_input_that_shrinks_while_it_is_read(files):
    source, target = files
    np.save(source, np.zeros(100_000))  # more than a read-ahead buffer

    with pytest.raises(FileError, match="became shorter while it was read"):
        apply(gelu_simd.gelu, source, target, progress=lambda *_: os.truncate(source, 1000))
    assert list(source.parent.iterdir()) == [source]


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(2, "F"),
        np.zeros(2, "D"),
        np.zeros(2, "G"),
        np.zeros(2, "g"),
        np.zeros(2, "U3"),
        np.zeros(2, "S3"),
        np.zeros(2, "V2"),
        np.zeros(2, "m8[s]"),
        np.zeros(2, "M8[s]"),
        np.zeros(2, "f4,f4"),
        np.array([None]),
    ],
    ids=lambda array: str(array.dtype),
)
def test_refused_dtypes_are_named_beside_the_accepted(files, array):
    source, target = files
    if array.dtype == np.longdouble and np.dtype("g") == np.dtype("d"):
        pytest.skip("long double is float64 here")
    np.save(source, array)
    with pytest.raises(FileError) as caught:
        apply(gelu_simd.gelu, source, target)
    assert f"has dtype {array.dtype}; gelu accepts bool, int8," in str(caught.value)
    assert "float32, float64" in str(caught.value)
    assert not target.exists()


@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")
def test_field_names_that_need_format_version_3_are_refused_too(files):
    source, target = files
    np.save(source, np.zeros(2, [("\N{GREEK SMALL LETTER ALPHA}", "f4")]))
    with pytest.raises(FileError, match=r"has dtype .*; gelu accepts bool"):
        apply(gelu_simd.gelu, source, target)


HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"


def with_header(text, version=b"\x01\x00", encoding="latin1"):
    text = text.encode(encoding) + b"\n"
    size = len(text).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    return b"\x93NUMPY" + version + size + text + bytes(24)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "EOF"),
        (b"PK\x03\x04 not an array", "magic string"),
        (saved(np.zeros(3))[:9], "EOF"),
        (saved(np.zeros(3))[:40], "EOF"),
        (saved(np.zeros(3))[:-1], "promises 24 bytes of data, the file holds 23"),
        (with_header(HEADER, b"\x04\x00"), r"version is \(4, 0\), not \(1, 0\), \(2, 0\) or"),
        (with_header(HEADER.replace("(3,)", "(-3,)")), "non-negative"),
        (with_header(HEADER.replace("3", "9" * 4000 + "," + "9" * 4000)), "dimension"),
        (with_header(HEADER.replace("(3,)", f"({2**40}, {2**40})")), "too large|too big"),
        (with_header(HEADER.replace("(3,)", str((1,) * 1000))), "maximum supported dimension"),
        (with_header(HEADER.replace("(3,)", "'three'")), "shape"),
        (with_header(HEADER.replace("<f8", "<f7")), "descr"),
        (with_header(HEADER.replace("descr", "dtype")), "keys"),
        (with_header(HEADER[:-1]), "valid .npy file"),
        (with_header("(" * 5000), "valid .npy file"),
        (with_header("{}()"), "valid .npy file"),
        (with_header(" " * 20000 + HEADER), "large"),
        (with_header("'\xff'", b"\x03\x00"), "dictionary"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_damaged_files(files, data, message):
    source, target = files
    source.write_bytes(data)
    with pytest.raises(FileError, match=message) as caught:
        apply(gelu_simd.gelu, source, target)
    assert repr(str(source)) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 400
    assert not target.exists()


@given(data=st.data())
@settings(deadline=None)
def test_a_damaged_header_is_an_error_or_an_array(tmp_path_factory, data):
    good = saved(np.arange(4.0))
    at = data.draw(st.integers(0, good.index(b"\n")))
    patch = data.draw(st.binary(min_size=1, max_size=8) | st.text("',()[]{}:LTrue0 \\", min_size=1))
    patch = patch if isinstance(patch, bytes) else patch.encode()
    folder = tmp_path_factory.getbasetemp()
    source, target = folder / "fuzzed.npy", folder / "fuzzed-out.npy"
    source.write_bytes(good[:at] + patch + good[at + len(patch) :])
    try:
        apply(gelu_simd.gelu, source, target)
    except FileError:
        return
    assert np.load(target).dtype.kind == "f"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no FIFO in the file system")
def test_fifo_and_device_are_refused_at_once(files):
    source, target = files
    os.mkfifo(source)
    with pytest.raises(FileError, match=r"cannot read .*: not a regular file"):
        apply(gelu_simd.gelu, source, target)
    np.save(target, np.zeros(3))
    with pytest.raises(FileError, match=f"cannot write '{os.devnull}': not a regular file"):
        apply(gelu_simd.gelu, target, Path(os.devnull))
