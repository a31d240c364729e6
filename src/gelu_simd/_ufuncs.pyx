# cython: language_level=3, freethreading_compatible=True
"""The ufunc objects, and the level whose kernels they run.

Each ufunc loop gets, as its `data`, the slot of its function and type.  The level in use is one
pointer in C: changing the level leaves the ufuncs alone.  All else is written at import only, but
for the lists of hooks and handlers, which Python itself guards where it has no GIL: threads need no
lock.
"""

import operator
import os
import sys
from functools import partial

import numpy

cimport numpy as np
from gelu_simd._csrc cimport (
    GELU_SIMD_CPU_NAME_SIZE,
    GELU_SIMD_MAX_OPERANDS,
    GELU_SIMD_NARROW_BITS,
    GELU_SIMD_NUM_FUNCTIONS,
    GELU_SIMD_NUM_TYPES,
    GELU_SIMD_f32,
    THREADS_MOST,
    gelu_simd_available,
    gelu_simd_built,
    gelu_simd_cpu_name,
    gelu_simd_functions,
    gelu_simd_level,
    gelu_simd_loop,
    gelu_simd_named_loop,
    gelu_simd_named_loops,
    gelu_simd_narrow,
    gelu_simd_set_level,
    gelu_simd_slot,
    gelu_simd_table,
    gelu_simd_types,
    threads_number,
    threads_set_cpus,
    threads_set_number,
)

from cpython.module cimport PyModule_Check, PyModule_GetDict
from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_New
from cpython.ref cimport Py_INCREF
from libc.string cimport memcpy

from gelu_simd._docs import DOCS
from gelu_simd._errors import Refusal, explanation
from gelu_simd._functions import FUNCTIONS as FUNCTION_RECORDS
from gelu_simd._promotion import loop_dtype
from gelu_simd._threads import initial_number
from gelu_simd._types import NARROW_FLOATS, installed

cdef extern from "numpy/arrayobject.h":
    ctypedef struct DTypeMeta "PyArray_DTypeMeta":
        pass
    DTypeMeta PyArray_PyFloatDType
    DTypeMeta PyArray_PyLongDType

cdef extern from "numpy/ufuncobject.h":
    int PyUFunc_AddPromoter(object ufunc, object dtypes, object promoter) except -1

cdef extern from "_vectorcall.h":
    ctypedef object vectorcall_function(object, PyObject *const *, size_t, PyObject *)
    vectorcall_function *GET_VECTORCALL(PyObject *ufunc)
    void SET_VECTORCALL(PyObject *ufunc, vectorcall_function *function)
    size_t VECTORCALL_END
    size_t NUMBER_OF_ARGUMENTS(size_t flagged)
    vectorcall_function *numpy_call
    vectorcall_function *call_with_others
    PyObject *refusal
    vectorcall_function vectorcall_of_ufunc

np.import_array()
np.import_umath()

# ---------------------------------------------------------------------------------------------
# Levels


cdef list tables_of(const gelu_simd_table *const *tables):
    """Return (name, bits) of each table of a list that ends with NULL."""
    result = []
    while tables[0] is not NULL:
        result.append((tables[0].name.decode(), tables[0].bits.decode()))
        tables += 1
    return result


#: (name, bits) of each level of this build, best first; levels of equal `bits` agree bit for bit.
LEVELS = tuple(tables_of(gelu_simd_built()))
cdef list available = [name for name, _ in tables_of(gelu_simd_available())]
cdef char cpu_name[GELU_SIMD_CPU_NAME_SIZE]
gelu_simd_cpu_name(cpu_name)
cdef str cpu = cpu_name.decode("ascii", "replace").strip()


cdef const gelu_simd_table *find(name) except NULL:
    """Return the table of an available level."""
    if name in available:
        return gelu_simd_available()[available.index(name)]
    is_built = name in dict(LEVELS)
    raise ValueError(
        f"{'this CPU cannot run' if is_built else 'there is no'} level {name!r}; "
        f"possible: {', '.join(available)}"
    )


def set_isa(name):
    """Run the kernels of level `name` from now on, in every thread; return the former level."""
    cdef const gelu_simd_table *table = find(name)
    former = gelu_simd_level().name.decode()
    gelu_simd_set_level(table)
    return former


def cpu_info():
    """What the CPU is and which kernels it runs.

    Returns
    -------
    dict
        ``"isa"``: the level in use, chosen at import or by the environment variable
        ``GELU_SIMD_ISA``; ``"available"``: the levels this CPU and its operating system can run,
        best first; ``"built"``: the levels this build holds; ``"cpu"``: the processor's name for
        itself, ``""`` if it gives none; ``"num_threads"``: how many threads one call may use.

    Examples
    --------
    >>> import gelu_simd
    >>> info = gelu_simd.cpu_info()
    >>> info["isa"] in info["available"]
    True
    """
    return {
        "isa": gelu_simd_level().name.decode(),
        "available": list(available),
        "built": [name for name, _ in LEVELS],
        "cpu": cpu,
        "num_threads": threads_number(),
    }


def use_initial_level():
    """Take the best level, or the one that GELU_SIMD_ISA in the environment names."""
    name = os.environ.get("GELU_SIMD_ISA") or available[0]
    try:
        gelu_simd_set_level(find(name))
    except ValueError as error:
        raise ImportError(f"GELU_SIMD_ISA={name}: {error}", name="gelu_simd") from None


use_initial_level()

# ---------------------------------------------------------------------------------------------
# Threads


def set_num_threads(n):
    """Set how many threads one call may use, the calling one included, in the whole process.

    Calls on small arrays use the calling thread alone.  So does a call that another call's threads
    are busy beside.  No more threads work at a time than there are CPUs that the process may run
    on.  The results' bits do not depend on the number.

    Parameters
    ----------
    n : int
        From 1 to 256.  At import it is the number of CPUs that this process may use, lowered by
        the environment variable ``GELU_SIMD_NUM_THREADS`` or else by ``OMP_NUM_THREADS``.

    Raises
    ------
    TypeError
        If `n` is no integer.
    ValueError
        If it is out of range.

    Examples
    --------
    >>> import gelu_simd
    >>> former = gelu_simd.get_num_threads()
    >>> gelu_simd.set_num_threads(1)
    >>> gelu_simd.get_num_threads()
    1
    >>> gelu_simd.set_num_threads(former)
    """
    number = operator.index(n)
    if not 1 <= number <= THREADS_MOST:
        raise ValueError(f"n must be from 1 to {THREADS_MOST}, not {number}")
    threads_set_number(number)


def get_num_threads():
    """Return how many threads one call may use: see `set_num_threads`.

    Returns
    -------
    int
    """
    return threads_number()


def set_cpus(n):
    """Take `n` for the number of CPUs, for tests; 0: those that the process may run on."""
    threads_set_cpus(n)


MAX_THREADS = THREADS_MOST
threads_set_number(initial_number(MAX_THREADS))

# ---------------------------------------------------------------------------------------------
# Functions and types, as C lists them

#: (name, inputs, outputs) of each function.
FUNCTIONS = tuple(
    (gelu_simd_functions[f].name.decode(), gelu_simd_functions[f].inputs,
     gelu_simd_functions[f].outputs)
    for f in range(GELU_SIMD_NUM_FUNCTIONS)
)


def type_row(int t):
    """Return the suffix, the bytes, the significant bits and the least exponent of a type."""
    size, precision = gelu_simd_types[t].size, gelu_simd_types[t].precision
    largest_exponent = (1 << (8 * size - precision - 1)) - 1
    return gelu_simd_types[t].name.decode(), size, precision, 2 - largest_exponent - precision


#: (suffix, bytes, significant bits, exponent of the smallest subnormal number) of each type.
TYPES = tuple(type_row(t) for t in range(GELU_SIMD_NUM_TYPES))

DTYPES = {"f32": numpy.float32, "f64": numpy.float64, "f16": numpy.float16}
cdef int num_builtin = len(DTYPES)
try:
    from ml_dtypes import bfloat16
except ImportError:
    pass
else:
    DTYPES["bf16"] = bfloat16
#: The types that the ufuncs have kernels for: those of `TYPES` that are installed.
dtypes = [numpy.dtype(DTYPES[suffix]) for suffix, *_ in TYPES if suffix in DTYPES]
#: The types of a byte that are computed in float32.
narrow_dtypes = installed(NARROW_FLOATS)
cdef enum:
    MOST_NARROW = 16  # types
cdef gelu_simd_narrow narrow[MOST_NARROW]


cdef fill_narrow(int t):
    """Have ml_dtypes say what the bytes of a type are, and what each float32 rounds to."""
    dropped = 32 - GELU_SIMD_NARROW_BITS
    with numpy.errstate(all="ignore"):
        wide = numpy.arange(256, dtype="u1").view(narrow_dtypes[t]).astype("f4")
        first = numpy.arange(1 << GELU_SIMD_NARROW_BITS, dtype="u4") << dropped
        nearest = first.view("f4").astype(narrow_dtypes[t])
    memcpy(narrow[t].wide, np.PyArray_DATA(wide), sizeof(narrow[t].wide))
    memcpy(narrow[t].nearest, np.PyArray_DATA(nearest), sizeof(narrow[t].nearest))


for t in range(len(narrow_dtypes)):
    fill_narrow(t)

# ---------------------------------------------------------------------------------------------
# Promotion

cdef list PYTHON_NUMBERS = [
    <object> <PyObject *> &PyArray_PyFloatDType, <object> <PyObject *> &PyArray_PyLongDType
]


cdef int promote(
    object ufunc, PyObject **operands, PyObject **signature, PyObject **loop
) except -1:
    """Choose the loop for operand types that have none of their own.

    `operands` holds, for the inputs, what `signature` says or else the arguments' types, and for
    the outputs what `signature` says.  NumPy caches the answer under `operands`, so it must not
    depend on `signature`.  NumPy itself refuses a loop that contradicts the signature.
    """
    inputs = [<object> operands[i] for i in range(ufunc.nin)]
    outputs = [
        None if operands[i] is NULL else <object> operands[i]
        for i in range(ufunc.nin, ufunc.nargs)
    ]
    floats = dtypes + narrow_dtypes
    dtype = loop_dtype(ufunc.__name__, inputs, outputs, floats, PYTHON_NUMBERS)
    for i in range(ufunc.nargs):
        Py_INCREF(dtype)
        loop[i] = <PyObject *> dtype
    return 0


# ---------------------------------------------------------------------------------------------
# Ufuncs

# NumPy keeps pointers to all of this: it must live for ever.
cdef gelu_simd_slot slots[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES]
cdef gelu_simd_slot narrow_slots[GELU_SIMD_NUM_FUNCTIONS][MOST_NARROW]
cdef void *loop_data[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES]
cdef np.PyUFuncGenericFunction loops[GELU_SIMD_NUM_TYPES]
cdef char loop_types[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES * GELU_SIMD_MAX_OPERANDS]
cdef list docstrings = []

for t in range(GELU_SIMD_NUM_TYPES):
    loops[t] = <np.PyUFuncGenericFunction> gelu_simd_loop


cdef make_ufunc(int f):
    name, inputs, outputs = FUNCTIONS[f]
    cdef int operands = inputs + outputs
    cdef int types[GELU_SIMD_MAX_OPERANDS]
    cdef bytes doc = DOCS[name].encode()
    docstrings.append(doc)
    for t in range(len(dtypes)):
        slots[f][t] = gelu_simd_slot(f, t, NULL)
        loop_data[f][t] = <void *> &slots[f][t]
    for t in range(num_builtin):
        for k in range(operands):
            loop_types[f][t * operands + k] = dtypes[t].num
    ufunc = np.PyUFunc_FromFuncAndData(
        loops, loop_data[f], loop_types[f], num_builtin, inputs, outputs, np.PyUFunc_None,
        <char *> gelu_simd_functions[f].name, doc, 0,
    )
    for t in range(num_builtin, len(dtypes)):
        for k in range(operands):
            types[k] = dtypes[t].num
        np.PyUFunc_RegisterLoopForType(ufunc, dtypes[t].num, loops[t], types, loop_data[f][t])
    for t in range(len(narrow_dtypes)):
        narrow_slots[f][t] = gelu_simd_slot(f, GELU_SIMD_f32, &narrow[t])
        for k in range(operands):
            types[k] = narrow_dtypes[t].num
        np.PyUFunc_RegisterLoopForType(
            ufunc, narrow_dtypes[t].num, loops[0], types, &narrow_slots[f][t]
        )
    PyUFunc_AddPromoter(
        ufunc, (numpy.dtype,) * inputs + (None,) * outputs,
        PyCapsule_New(<void *> promote, "numpy._ufunc_promoter", NULL),
    )
    try:
        ufunc.__module__ = "gelu_simd"
        ufunc.__qualname__ = name
        name_operands(ufunc, FUNCTION_RECORDS[name].operands)
    except AttributeError:  # read-only before NumPy 2.2
        pass
    return name, ufunc


def name_operands(ufunc, operands):
    """Name the operands of a ufunc in its signature, in place of NumPy's x1 and x2."""
    if len(operands) == 1:
        return
    default = ", ".join(f"x{k + 1}" for k in range(len(operands)))
    ufunc.__doc__ = ufunc.__doc__.replace(f"({default}", f"({', '.join(operands)}", 1)
    signature = getattr(ufunc, "__signature__", None)  # NumPy has none before 2.4
    if signature is not None:
        inputs, others = [], list(signature.parameters.values())
        for name in operands:
            inputs.append(others.pop(0).replace(name=name))
        ufunc.__signature__ = signature.replace(parameters=inputs + others)


#: The ufuncs by name.  Not attributes of this module: pickle must find them under their public names.
ufuncs = dict(make_ufunc(f) for f in range(GELU_SIMD_NUM_FUNCTIONS))

# ---------------------------------------------------------------------------------------------
# Calls that hold other objects than NumPy's and Python's own

cdef bint probed = False
cdef dict modules = sys.modules
cdef object cupy_call = None
# Changed in place, never replaced: without the GIL a name that is read while it is set may be freed.
cdef list hooks = []
cdef list handlers = []


def add_hook(module, attach):
    """Have ``attach()`` called before the first call that comes after the import of `module`.

    It returns False if it shall be called once more.
    """
    hooks.append((module, attach))


def add_handler(types, call):
    """Have ``call(ufunc, *args, **kwargs)`` called where an argument is of one of the types."""
    handlers.append((types, call))


cdef attach_hooks():
    for hook in tuple(hooks):
        module, attach = hook
        if modules.get(module) is not None and attach():
            hooks[:] = [other for other in hooks if other is not hook]


cdef object call_others(
    object ufunc, PyObject *const *args, size_t flagged, PyObject *keywords
):
    """Call `cupy_call` if an argument is a CuPy array, a handler, or NumPy; explain its errors."""
    cdef size_t inputs = NUMBER_OF_ARGUMENTS(flagged), n = inputs, i
    if keywords is not NULL:
        n += len(<tuple> <object> keywords)
    module = modules.get("cupy")  # an argument can be a CuPy array only if CuPy is imported
    if PyModule_Check(module):
        # Attribute access would import a module that waits for its first use.
        cupy_array = (<dict> PyModule_GetDict(module)).get("ndarray")
        if isinstance(cupy_array, type):
            for i in range(n):
                if isinstance(<object> args[i], cupy_array):
                    return call_python(cupy_call, ufunc, args, inputs, keywords)
    if hooks:
        attach_hooks()
    for types, call in handlers:
        for i in range(n):
            if isinstance(<object> args[i], types):
                return call_python(call, ufunc, args, inputs, keywords)
    try:
        return numpy_call(ufunc, args, flagged, keywords)
    except TypeError as error:
        message = call_python(partial(explanation, error), ufunc, args, inputs, keywords)
        if message is None:
            raise
        refused = message
    raise TypeError(refused)


cdef object call_python(
    object function, object ufunc, PyObject *const *args, size_t inputs, PyObject *keywords
):
    """Call ``function(ufunc, *args, **keywords)``."""
    positional = [<object> args[i] for i in range(inputs)]
    named = {}
    if keywords is not NULL:
        for i, name in enumerate(<object> keywords):
            named[name] = <object> args[inputs + <size_t> i]
    return function(ufunc, *positional, **named)


cdef object probe(object ufunc, PyObject *const *args, size_t flagged, PyObject *keywords):
    global probed
    probed = True
    return numpy_call(ufunc, args, flagged, keywords)


def hand_over(call, flags=numpy.ufunc.__flags__, size=numpy.ufunc.__basicsize__):
    """Have ``call(ufunc, *args, **kwargs)`` called where an argument is a CuPy array.

    Returns False and changes nothing unless all of this holds:

    * the type of NumPy's ufuncs has the flag of vectorcall;
    * its objects are large enough to hold the field that NumPy's header declares;
    * the field holds the same function in np.add and in all our ufuncs, or `hand_over` has set it;
    * a call goes through the field.
    """
    global numpy_call, call_with_others, refusal, cupy_call, probed
    cdef vectorcall_function *field
    have_vectorcall = 1 << 11
    if not flags & have_vectorcall or size < VECTORCALL_END:
        return False
    if numpy_call is NULL:
        numpy_call = GET_VECTORCALL(<PyObject *> numpy.add)
    for ufunc in ufuncs.values():
        field = GET_VECTORCALL(<PyObject *> ufunc)
        if numpy_call is NULL or (field is not numpy_call and field is not vectorcall_of_ufunc):
            return False
    cupy_call = call
    call_with_others = call_others
    refusal = <PyObject *> Refusal
    first = next(iter(ufuncs.values()))
    probed = False
    SET_VECTORCALL(<PyObject *> first, probe)
    first(*[0.0] * first.nin)
    SET_VECTORCALL(<PyObject *> first, numpy_call)
    if not probed:
        return False
    for ufunc in ufuncs.values():
        SET_VECTORCALL(<PyObject *> ufunc, vectorcall_of_ufunc)
    return True

# ---------------------------------------------------------------------------------------------
# Loops that compiled code calls


cdef dict addresses_of(const gelu_simd_named_loop *row):
    result = {}
    while row.name is not NULL:
        result[row.name.decode()] = <size_t> row.loop
        row += 1
    return result


#: The addresses of the loops of csrc/named_loops.c by name.
LOOPS = addresses_of(gelu_simd_named_loops)
