"""`apply` gives what the ufunc gives in memory, or one clear error."""

import os
import re
import sys
from contextlib import nullcontext

import numpy as np
import pytest
from helpers import PEAK, dtype_of, peak, saved, start
from hypothesis import given, settings
from hypothesis import strategies as st

import gelu_simd
from gelu_simd._cli import apply as module
from gelu_simd._cli.apply import apply
from gelu_simd._cli.files import FileError

REAL = "?bBhHiIlLqQefd"  # type codes of all that a float64 ufunc accepts


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
    monkeypatch.setattr(module, "BLOCK", 56)  # bytes: seven float64


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
    check(files, gelu_simd.gelu_tanh, saved(random_array("f4", 20 * module.BLOCK // 4 + 1)))


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


@pytest.mark.parametrize("extra", [b"\n", saved(np.arange(3.0)), bytes(3_000_000)])
def test_bytes_behind_the_array_are_counted_not_lost(files, extra):
    source, _ = files
    data = saved(np.arange(4.0)) + extra
    source.write_bytes(data)
    with pytest.raises(FileError, match=f"holds {len(extra)} bytes after its array; accepted is"):
        apply(gelu_simd.gelu, source, source)
    assert source.read_bytes() == data


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
    assert calls == sorted(calls)
    assert set(calls) <= {(7, 17), (14, 17), (17, 17)}
    assert calls[-1] == (17, 17)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("threads", [1, 2, 3, 32])
def test_blocks_keep_their_order_on_any_number_of_threads(files, monkeypatch, threads):
    monkeypatch.setattr(module, "usable_cpus", lambda: threads - 1)
    check(files, gelu_simd.gelu, saved(random_array("f8", 5000)))


# ---- files that change while they are read ----


class Ufunc:
    """A ufunc that does something to a file before its first block."""

    def __init__(self, ufunc, action):
        self.ufunc, self.action = ufunc, action
        self.__name__ = ufunc.__name__
        self.resolve_dtypes = ufunc.resolve_dtypes

    def __call__(self, *args, **kwargs):
        action, self.action = self.action, lambda: None
        action()
        return self.ufunc(*args, **kwargs)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.skipif(os.name == "nt", reason="Windows replaces no open file")
def test_input_that_is_replaced_is_read_to_its_end(files):
    """Header and data come from one file, whatever bears its name by then."""
    source, target = files
    x = np.linspace(-5, 5, 1000, dtype=np.float32)
    np.save(source, x)
    other = source.with_name("other.npy")
    np.save(other, np.arange(500.0))
    ufunc = Ufunc(gelu_simd.gelu, lambda: other.replace(source))
    apply(ufunc, source, target)
    assert target.read_bytes() == saved(gelu_simd.gelu(x))


@pytest.mark.usefixtures("small_blocks")
def test_input_that_shrinks_while_it_is_read(files):
    source, target = files
    np.save(source, np.zeros(100_000))
    ufunc = Ufunc(gelu_simd.gelu, lambda: os.truncate(source, 1000))
    with pytest.raises(FileError, match="became shorter while it was read"):
        apply(ufunc, source, target)
    assert list(source.parent.iterdir()) == [source]


@pytest.mark.usefixtures("small_blocks")
def test_input_that_grows_while_it_is_read(files):
    source, target = files
    np.save(source, np.zeros(100))

    def grow():
        with source.open("ab") as file:
            file.write(b"more")

    with pytest.raises(FileError, match="holds 4 bytes after its array"):
        apply(Ufunc(gelu_simd.gelu, grow), source, target)
    assert list(source.parent.iterdir()) == [source]


def test_a_fault_of_one_thread_ends_all(files, monkeypatch):
    source, target = files
    monkeypatch.setattr(module, "BLOCK", 800)
    np.save(source, np.zeros(100_000))

    def fail():
        raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        apply(Ufunc(gelu_simd.gelu, fail), source, target)
    assert list(source.parent.iterdir()) == [source]


@pytest.mark.parametrize("error", [None, MemoryError])
def test_a_block_is_computed_by_one_thread(files, error):
    """Calls of others have as many as before, also after a fault."""
    source, target = files
    np.save(source, np.zeros(100))
    numbers = []

    def note():
        numbers.append(gelu_simd.get_num_threads())
        if error is not None:
            raise error

    former = gelu_simd.get_num_threads()
    gelu_simd.set_num_threads(3)
    try:
        with pytest.raises(error) if error else nullcontext():
            apply(Ufunc(gelu_simd.gelu, note), source, target)
        assert (numbers, gelu_simd.get_num_threads()) == ([1], 3)
    finally:
        gelu_simd.set_num_threads(former)


# ---- types ----


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
        (with_header("-" * 9000 + "1"), "valid .npy file: ."),
        (with_header("{}()"), "valid .npy file"),
        (with_header(" " * 20000 + HEADER), "has a header of 20058 bytes; at most 10000 are"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "header of 4294967295 bytes; at most 10000"),
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


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")
@pytest.mark.parametrize(
    "descr",
    ["('O', (100000000,))", "[('a', 'O', (100000000,))]", "'|V2147483647'", "'<U500000000'"],
)
def test_no_memory_for_a_type_that_only_a_header_names(files, descr):
    source, target = files
    source.write_bytes(with_header(HEADER.replace("'<f8'", descr)))
    with start(PEAK, "apply", source, target) as child:
        _, stderr = child.communicate(timeout=60)
    assert child.returncode == 2
    assert re.match(r"gelu-simd: error: [^\n]*(has dtype|is not a valid .npy file: )", stderr)
    assert peak(stderr) < 200_000


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


# ---- bfloat16, which a .npy file cannot name ----


def bfloat16_file(path, size=1000):
    x = np.linspace(-9, 9, size).astype(dtype_of("bfloat16"))
    np.save(path, x)
    return x


@pytest.mark.usefixtures("small_blocks")
def test_bfloat16_is_written_as_numpy_writes_it(files):
    source, target = files
    x = bfloat16_file(source)
    apply(gelu_simd.gelu, source, target, input_dtype=x.dtype)
    expected = source.with_name("expected.npy")
    np.save(expected, gelu_simd.gelu(x))
    assert target.read_bytes() == expected.read_bytes()
    y = np.load(target).view(x.dtype)
    assert y.tobytes() == gelu_simd.gelu(x).tobytes()


@pytest.mark.parametrize("wanted", ["float32", "float64"])
def test_bfloat16_can_become_another_type(files, wanted):
    source, target = files
    x = bfloat16_file(source)
    apply(gelu_simd.gelu, source, target, np.dtype(wanted), x.dtype)
    assert target.read_bytes() == saved(gelu_simd.gelu(x, dtype=wanted))


@pytest.mark.parametrize("given", ["float32", "float64", ">f8", "int16", "?"])
def test_other_types_can_become_bfloat16(files, given):
    bfloat16 = dtype_of("bfloat16")
    source, target = files
    x = np.linspace(0, 5, 50).astype(given)
    np.save(source, x)
    apply(gelu_simd.gelu, source, target, bfloat16)
    y = np.load(target).view(bfloat16)
    assert y.tobytes() == gelu_simd.gelu(x, dtype=bfloat16).tobytes()


def test_the_error_for_raw_bytes_names_the_option(files):
    source, target = files
    for code, hint in (("V2", "; if it holds bfloat16, add --input-dtype bfloat16"), ("V3", "")):
        np.save(source, np.zeros(2, code))
        message = rf"has dtype \|{code}; gelu accepts bool, .*, float64{re.escape(hint)}$"
        with pytest.raises(FileError, match=message):
            apply(gelu_simd.gelu, source, target)


@pytest.mark.parametrize("code", ["f4", "f2", "V4", "i1,i1"])
def test_input_that_is_not_raw_bytes(files, code):
    source, target = files
    np.save(source, np.zeros(2, code))
    with pytest.raises(FileError, match="--input-dtype bfloat16 takes V2, as NumPy writes it"):
        apply(gelu_simd.gelu, source, target, input_dtype=dtype_of("bfloat16"))
    assert not target.exists()
