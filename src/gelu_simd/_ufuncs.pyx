# cython: language_level=3, freethreading_compatible=True
"""The ufunc objects, the level whose kernels they run, and their way to CuPy.

Each ufunc loop gets, as its `data`, its place in a level's table: changing the level changes one
pointer and leaves the ufuncs alone.  All else is written at import only, so threads need no lock.
"""

import functools
import os
import sys

import numpy

cimport numpy as np
from gelu_simd._csrc cimport (
    GELU_SIMD_CPU_NAME_SIZE,
    GELU_SIMD_NUM_FUNCTIONS,
    GELU_SIMD_NUM_TYPES,
    gelu_simd_available,
    gelu_simd_built,
    gelu_simd_cpu_name,
    gelu_simd_functions,
    gelu_simd_loop,
    gelu_simd_table,
    gelu_simd_types,
)

from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_New
from cpython.ref cimport Py_DECREF, Py_INCREF

from gelu_simd._docs import DOCS

cdef extern from "numpy/arrayobject.h":
    ctypedef struct DTypeMeta "PyArray_DTypeMeta":
        pass
    DTypeMeta PyArray_PyFloatDType
    DTypeMeta PyArray_PyLongDType
    DTypeMeta *PyArray_CommonDType(DTypeMeta *, DTypeMeta *) except NULL

cdef extern from "numpy/ufuncobject.h":
    int PyUFunc_AddPromoter(object ufunc, object dtypes, object promoter) except -1

cdef extern from *:
    """
    typedef PyObject *call_function(PyObject *, PyObject *const *, size_t, PyObject *);
    #define VECTORCALL(ufunc) (*(call_function **)(void *)&((PyUFuncObject *)(ufunc))->vectorcall)
    #define SET_VECTORCALL(ufunc, function) (VECTORCALL(ufunc) = (function))
    #define VECTORCALL_END (offsetof(PyUFuncObject, vectorcall) + sizeof(call_function *))
    #define NUMBER_OF_ARGUMENTS(flagged) ((flagged) & ~((size_t)1 << (8 * sizeof(size_t) - 1)))

    /* What NumPy calls a ufunc by, the same for all of them, and what other arguments need. */
    static call_function *numpy_call, *call_with_others;

    /* Calls a ufunc.  In C, so that the common case costs a few instructions and a jump. */
    static PyObject *call(
        PyObject *ufunc, PyObject *const *args, size_t flagged, PyObject *keywords)
    {
        const size_t named = keywords == NULL ? 0 : (size_t)Py_SIZE(keywords);
        const size_t n = NUMBER_OF_ARGUMENTS(flagged) + named;
        for (size_t i = 0; i < n; i++)
            if (Py_TYPE(args[i]) != &PyArray_Type && Py_TYPE(args[i]) != &PyFloat_Type)
                return call_with_others(ufunc, args, flagged, keywords);
        return numpy_call(ufunc, args, flagged, keywords);
    }
    """
    ctypedef object call_function(object, PyObject *const *, size_t, PyObject *)
    call_function *VECTORCALL(PyObject *ufunc)
    void SET_VECTORCALL(PyObject *ufunc, call_function *function)
    size_t VECTORCALL_END
    size_t NUMBER_OF_ARGUMENTS(size_t flagged)
    call_function *numpy_call
    call_function *call_with_others
    call_function call

np.import_array()
np.import_umath()

TYPES = {b"f64": numpy.float64, b"f32": numpy.float32, b"f16": numpy.float16}
cdef int num_builtin = len(TYPES)
try:
    from ml_dtypes import bfloat16
except ImportError:
    pass
else:
    TYPES[b"bf16"] = bfloat16
dtypes = [numpy.dtype(TYPES[gelu_simd_types[t]]) for t in range(len(TYPES))]

# All this must live as long as the ufuncs do: for ever.
cdef void *loop_data[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES]
cdef np.PyUFuncGenericFunction loops[GELU_SIMD_NUM_TYPES]
cdef char loop_types[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES * 3]

# Any thread may read and write it, always whole.
ctypedef const gelu_simd_table *table_pointer
cdef volatile table_pointer level = NULL


cdef void run(
    char **args, const np.npy_intp *n, const np.npy_intp *strides, void *place
) noexcept nogil:
    (<gelu_simd_loop *const *> level.loops)[<size_t> place](args, n[0], <const ptrdiff_t *> strides)


cdef names(const gelu_simd_table *const *tables):
    result = []
    while tables[0] is not NULL:
        result.append(tables[0].name.decode())
        tables += 1
    return result


cdef const gelu_simd_table *find(name) except NULL:
    cdef const gelu_simd_table *const *tables = gelu_simd_available()
    possible = names(tables)
    if name in possible:
        return tables[possible.index(name)]
    known = name in names(gelu_simd_built())
    raise ValueError(
        f"{'this CPU cannot run' if known else 'there is no'} level {name!r}; "
        f"possible: {', '.join(possible)}"
    )


def set_isa(name):
    """Run the kernels of level `name` from now on, in every thread; return the former level."""
    global level
    former = level.name.decode()
    level = find(name)
    return former


def cpu_info():
    """What the CPU is and which kernels it runs.

    Returns
    -------
    dict
        ``"isa"``: the level in use, chosen at import or by the environment variable
        ``GELU_SIMD_ISA``; ``"available"``: the levels this CPU and its operating system can run,
        best first; ``"built"``: the levels this build holds; ``"cpu"``: the processor's name for
        itself, ``""`` if it gives none.

    Examples
    --------
    >>> import gelu_simd
    >>> info = gelu_simd.cpu_info()
    >>> info["isa"] in info["available"]
    True
    """
    return {
        "isa": level.name.decode(),
        "available": names(gelu_simd_available()),
        "built": names(gelu_simd_built()),
        "cpu": cpu,
    }


cdef make_ufunc(int f):
    cdef int inputs = gelu_simd_functions[f].inputs
    cdef bytes doc
    name = gelu_simd_functions[f].name.decode()
    cdef int types[3]
    for t, dtype in enumerate(dtypes):
        loop_data[f][t] = <void *> <size_t> (f * GELU_SIMD_NUM_TYPES + t)
        for k in range(inputs + 1):
            loop_types[f][t * (inputs + 1) + k] = dtype.num if t < num_builtin else 0
    doc = DOCS[name].encode()
    kept.append(doc)
    ufunc = np.PyUFunc_FromFuncAndData(
        loops, loop_data[f], loop_types[f], num_builtin, inputs, 1, np.PyUFunc_None,
        <char *> gelu_simd_functions[f].name, doc, 0,
    )
    for t in range(num_builtin, len(dtypes)):
        types[0] = types[1] = types[2] = dtypes[t].num
        np.PyUFunc_RegisterLoopForType(ufunc, types[0], loops[t], types, loop_data[f][t])
    PyUFunc_AddPromoter(
        ufunc, (numpy.dtype,) * inputs + (None,),
        PyCapsule_New(<void *> promote, "numpy._ufunc_promoter", NULL),
    )
    for attribute, value in (("__module__", "gelu_simd"), ("__qualname__", name)):
        try:
            setattr(ufunc, attribute, value)
        except AttributeError:  # read-only before NumPy 2.2
            pass
    return name, ufunc


FLOAT64, FLOAT32, *_ = FLOATS = [type(dtype) for dtype in dtypes]
INTEGERS = [type(numpy.dtype(code)) for code in "?bBhHiIlLqQ"]
PYTHON_NUMBERS = [
    <object> <PyObject *> &PyArray_PyFloatDType, <object> <PyObject *> &PyArray_PyLongDType
]


cdef common(a, b):
    """Return the type that NumPy promotes two types to."""
    cdef DTypeMeta *found = PyArray_CommonDType(<DTypeMeta *> <PyObject *> a,
                                                <DTypeMeta *> <PyObject *> b)
    result = <object> <PyObject *> found
    Py_DECREF(result)
    return result


cdef computed_in(types):
    """Return the type to compute operands of such types in, None where there is none.

    It is what they are promoted to, Python numbers following the others as everywhere in NumPy,
    and float64 for integers and bool.
    """
    types = [t for t in types if t not in PYTHON_NUMBERS] or [FLOAT64]
    if any(t not in FLOATS and t not in INTEGERS for t in types):
        return None
    try:
        found = functools.reduce(common, types)
    except TypeError:  # bfloat16 has none with float16 and with most integers; float32 has
        found = functools.reduce(common, [FLOAT32, *types])
    return FLOAT64 if found in INTEGERS else found


def called(dtype):
    """Return the name of a type, with what it may come from if nobody asked for it."""
    name = dtype.type.__name__.rstrip("_")
    return f"{name} (None, an int beyond 64 bits, ...)" if name == "object" else name


cdef int promote(object ufunc, PyObject **given, PyObject **wanted, PyObject **chosen) except -1:
    """Choose the loop for types that have none of their own.

    Left alone, NumPy takes the first loop that all can be cast to, float64, also for a Python
    number beside a float32; and its TypeError does not name the types.
    """
    types = [<object> given[i] for i in range(ufunc.nin)]
    asked = [<object> wanted[i] for i in range(ufunc.nargs) if wanted[i] is not NULL]
    if asked:  # by dtype= or signature=; then casting= decides
        dtype = asked[0]
    else:
        dtype = computed_in(types)
    if dtype is None:
        raise TypeError(
            f"ufunc {ufunc.__name__!r} does not take {' and '.join(map(called, types))}; "
            f"it takes {', '.join(d.name for d in dtypes)}, integers and bool"
        )
    for i in range(ufunc.nargs):
        Py_INCREF(dtype)
        chosen[i] = <PyObject *> dtype
    return 0


cdef bint probed = False
cdef dict modules = sys.modules


cdef object call_anything(
    object ufunc, PyObject *const *args, size_t flagged, PyObject *keywords
):
    """Call a ufunc: CuPy's arrays go to `gelu_simd.cupy`, all else to NumPy.

    CuPy itself knows NumPy's ufuncs by name, and so refuses those of others.
    """
    cdef size_t inputs = NUMBER_OF_ARGUMENTS(flagged), n = inputs, i
    if keywords is not NULL:
        n += len(<tuple> <object> keywords)
    module = modules.get("cupy")  # who has its arrays has imported it
    if module is not None:
        cupy_array = getattr(module, "ndarray", None)
        if isinstance(cupy_array, type):
            for i in range(n):
                if isinstance(<object> args[i], cupy_array):
                    return call_cupy(ufunc, args, inputs, keywords)
    return numpy_call(ufunc, args, flagged, keywords)


cdef object call_cupy(object ufunc, PyObject *const *args, size_t inputs, PyObject *keywords):
    from gelu_simd import cupy

    given = [<object> args[i] for i in range(inputs)]
    named = {}
    if keywords is not NULL:
        for i, name in enumerate(<object> keywords):
            named[name] = <object> args[inputs + <size_t> i]
    return cupy.call(ufunc, *given, **named)


cdef object probe(object ufunc, PyObject *const *args, size_t flagged, PyObject *keywords):
    global probed
    probed = True
    return numpy_call(ufunc, args, flagged, keywords)


def hand_over(ufuncs, flags=numpy.ufunc.__flags__, size=numpy.ufunc.__basicsize__):
    """Have `call` called by these ufuncs; return whether that could be done.

    It is done only where NumPy's ufuncs are what its header says: types of vectorcall, large enough
    to hold the field, which holds the same in all of them and is what a call goes through.
    """
    global numpy_call, call_with_others
    have_vectorcall = 1 << 11
    if not flags & have_vectorcall or size < VECTORCALL_END:
        return False
    numpy_call = VECTORCALL(<PyObject *> numpy.add)
    for ufunc in ufuncs:
        if numpy_call is NULL or VECTORCALL(<PyObject *> ufunc) is not numpy_call:
            return False
    call_with_others = call_anything
    SET_VECTORCALL(<PyObject *> ufuncs[0], probe)
    ufuncs[0](*[0.0] * ufuncs[0].nin)
    if not probed:
        SET_VECTORCALL(<PyObject *> ufuncs[0], numpy_call)
        return False
    for ufunc in ufuncs:
        SET_VECTORCALL(<PyObject *> ufunc, call)
    return True


def use_initial_level():
    """Take the best level, or the one that GELU_SIMD_ISA in the environment names."""
    global level
    wanted = os.environ.get("GELU_SIMD_ISA") or names(gelu_simd_available())[0]
    try:
        level = find(wanted)
    except ValueError as error:
        raise ImportError(f"GELU_SIMD_ISA={wanted}: {error}") from None


cdef char cpu_name[GELU_SIMD_CPU_NAME_SIZE]
gelu_simd_cpu_name(cpu_name)
cpu = cpu_name.decode("ascii", "replace").strip()
kept = []  # the docstrings, which the ufuncs point to
use_initial_level()
for t in range(GELU_SIMD_NUM_TYPES):
    loops[t] = <np.PyUFuncGenericFunction> run
# Not attributes of this module: pickle must find the ufuncs under their public names.
ufuncs = dict(make_ufunc(f) for f in range(GELU_SIMD_NUM_FUNCTIONS))
hands_over = hand_over(list(ufuncs.values()))
