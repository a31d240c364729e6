# cython: language_level=3
"""The ufunc objects, and the level whose kernels they run.

Each ufunc loop gets, as its `data`, the slot that holds its kernel of the level in use: changing
the level rewrites the slots and leaves the ufuncs alone.
"""

import os

import numpy

cimport numpy as np
from gelu_simd._csrc cimport (
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
from cpython.ref cimport Py_INCREF

from gelu_simd._docs import DOCS

cdef extern from "numpy/arrayobject.h":
    ctypedef struct DTypeMeta "PyArray_DTypeMeta":
        pass
    DTypeMeta PyArray_FloatDType
    DTypeMeta PyArray_HalfDType
    DTypeMeta PyArray_PyComplexDType
    DTypeMeta PyArray_PyFloatDType
    DTypeMeta PyArray_PyLongDType

cdef extern from "numpy/ufuncobject.h":
    int PyUFunc_AddPromoter(object ufunc, object dtypes, object promoter) except -1

np.import_array()
np.import_umath()

TYPE_NUMBERS = {b"f64": np.NPY_FLOAT64, b"f32": np.NPY_FLOAT32}

# All this must live as long as the ufuncs do: for ever.
cdef gelu_simd_loop *slots[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES]
cdef void *loop_data[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES]
cdef np.PyUFuncGenericFunction loops[GELU_SIMD_NUM_TYPES]
cdef char loop_types[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES * 3]
cdef const gelu_simd_table *level = NULL


cdef void run(char **args, np.npy_intp *n, np.npy_intp *strides, void *slot) noexcept nogil:
    (<gelu_simd_loop **> slot)[0](args, n[0], <const ptrdiff_t *> strides)


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


cdef use(const gelu_simd_table *table):
    global level
    level = table
    for f in range(GELU_SIMD_NUM_FUNCTIONS):
        for t in range(GELU_SIMD_NUM_TYPES):
            slots[f][t] = table.loops[f][t]


def set_isa(name):
    """Run the kernels of level `name` from now on, in every thread; return the former level."""
    cdef const gelu_simd_table *table = find(name)
    former = level.name.decode()
    use(table)
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
        "cpu": gelu_simd_cpu_name().decode("ascii", "replace").strip(),
    }


cdef make_ufunc(int f):
    cdef int inputs = gelu_simd_functions[f].inputs
    cdef bytes doc
    name = gelu_simd_functions[f].name.decode()
    for t in range(GELU_SIMD_NUM_TYPES):
        loop_data[f][t] = &slots[f][t]
        for k in range(inputs + 1):
            loop_types[f][t * (inputs + 1) + k] = TYPE_NUMBERS[gelu_simd_types[t]]
    doc = DOCS[name].encode()
    kept.append(doc)
    ufunc = np.PyUFunc_FromFuncAndData(
        loops, loop_data[f], loop_types[f], GELU_SIMD_NUM_TYPES, inputs, 1, np.PyUFunc_None,
        <char *> gelu_simd_functions[f].name, doc, 0,
    )
    refuse_other_types(ufunc)
    if inputs == 2:
        promote_pairs(ufunc)
    for attribute, value in (("__module__", "gelu_simd"), ("__qualname__", name)):
        try:
            setattr(ufunc, attribute, value)
        except AttributeError:  # read-only before NumPy 2.2
            pass
    return name, ufunc


cdef PyObject *asked_for(ufunc, PyObject **wanted):
    """Return the type in the caller's dtype= or signature=, NULL where there is none."""
    for i in range(ufunc.nargs):
        if wanted[i] is not NULL:
            return wanted[i]
    return NULL


cdef void choose(ufunc, PyObject *dtype, PyObject **chosen):
    for i in range(ufunc.nargs):
        Py_INCREF(<object> dtype)
        chosen[i] = dtype


cdef int to_float32(object ufunc, PyObject **given, PyObject **wanted, PyObject **chosen) except -1:
    cdef PyObject *dtype = asked_for(ufunc, wanted)
    choose(ufunc, <PyObject *> &PyArray_FloatDType if dtype is NULL else dtype, chosen)
    return 0


def promote_pairs(ufunc):
    """Compute a Python number or a float16 and a float32 in float32, as np.multiply does.

    Left alone, NumPy takes the first loop that both can be cast to: float64.
    """
    promoter = PyCapsule_New(<void *> to_float32, "numpy._ufunc_promoter", NULL)
    single = <object> <PyObject *> &PyArray_FloatDType
    for other in (
        <object> <PyObject *> &PyArray_PyFloatDType,
        <object> <PyObject *> &PyArray_PyLongDType,
        <object> <PyObject *> &PyArray_HalfDType,
    ):
        PyUFunc_AddPromoter(ufunc, (other, single, None), promoter)
        PyUFunc_AddPromoter(ufunc, (single, other, None), promoter)


cdef int refuse(object ufunc, PyObject **given, PyObject **wanted, PyObject **chosen) except -1:
    """Raise TypeError with the types' names, which NumPy's own message leaves out."""
    cdef PyObject *dtype = asked_for(ufunc, wanted)
    if dtype is not NULL:  # then casting= decides
        choose(ufunc, dtype, chosen)
        return 0
    types = [(<object> given[i]).type.__name__ for i in range(ufunc.nin)]
    raise TypeError(
        f"ufunc {ufunc.__name__!r} does not take {' and '.join(types)}; it takes float64, float32, "
        "float16, integers and bool"
    )


def refuse_other_types(ufunc):
    """Register `refuse` for every type that cannot be cast to float64 safely."""
    promoter = PyCapsule_New(<void *> refuse, "numpy._ufunc_promoter", NULL)
    refused_types = [type(numpy.dtype(code)) for code in "FDGgOSUVMm"]
    refused_types.append(<object> <PyObject *> &PyArray_PyComplexDType)
    for refused in refused_types:
        for place in range(ufunc.nin):
            dtypes = [numpy.dtype] * ufunc.nin + [None]
            dtypes[place] = refused
            PyUFunc_AddPromoter(ufunc, tuple(dtypes), promoter)


def use_initial_level():
    """Take the best level, or the one that GELU_SIMD_ISA in the environment names."""
    wanted = os.environ.get("GELU_SIMD_ISA") or names(gelu_simd_available())[0]
    try:
        use(find(wanted))
    except ValueError as error:
        raise ImportError(f"GELU_SIMD_ISA={wanted}: {error}") from None


kept = []  # the docstrings, which the ufuncs point to
use_initial_level()
for t in range(GELU_SIMD_NUM_TYPES):
    loops[t] = run
# Not attributes of this module: pickle must find the ufuncs under their public names.
ufuncs = dict(make_ufunc(f) for f in range(GELU_SIMD_NUM_FUNCTIONS))
