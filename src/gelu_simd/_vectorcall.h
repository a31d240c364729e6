/* The call of a ufunc, with a place for arguments that NumPy does not take.
 *
 * NumPy calls a ufunc through the `vectorcall` field of the object, public in numpy/ufuncobject.h.
 * Set to `vectorcall_of_ufunc` it sends calls that hold arguments of other kinds to
 * `call_with_others`.  Calls that hold nothing of another library cost some instructions.
 * Where no loop takes them, or NumPy lacks the keyword that other libraries have,
 * `call_with_others` makes the same call once more and says why it failed.
 */
#ifndef GELU_SIMD_VECTORCALL_H
#define GELU_SIMD_VECTORCALL_H

#include <Python.h>
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

typedef PyObject *vectorcall_function(PyObject *, PyObject *const *, size_t, PyObject *);

#define VECTORCALL_FIELD(ufunc) \
    (*(vectorcall_function **)(void *)&((PyUFuncObject *)(ufunc))->vectorcall)
#define GET_VECTORCALL(ufunc) VECTORCALL_FIELD(ufunc)
#define SET_VECTORCALL(ufunc, function) (VECTORCALL_FIELD(ufunc) = (function))

/* Bytes of a ufunc object up to the end of the field. */
#define VECTORCALL_END (offsetof(PyUFuncObject, vectorcall) + sizeof(vectorcall_function *))

/* The number of positional arguments: PyVectorcall_NARGS, which the stable ABI of Python 3.11 lacks. */
#define NUMBER_OF_ARGUMENTS(flagged) ((flagged) & ~((size_t)1 << (8 * sizeof(size_t) - 1)))

static vectorcall_function *numpy_call;       /* NumPy's own, the same for all ufuncs */
static vectorcall_function *call_with_others; /* for arguments of other types */
static PyObject *refusal;                     /* the class of errors of operands without a loop */

/* True for what no other library takes over: NumPy's arrays and scalars, Python's numbers, lists. */
static int is_for_numpy(PyObject *x)
{
    PyTypeObject *const type = Py_TYPE(x);
    return type == &PyArray_Type || type == &PyFloat_Type || type == &PyLong_Type ||
           type == &PyList_Type || PyArray_IsScalar(x, Generic);
}

/* True if the keyword by which other libraries choose the form is among the arguments' names. */
static int has_approximate(PyObject *keywords)
{
    for (Py_ssize_t i = 0; keywords != NULL && i < Py_SIZE(keywords); i++)
        if (PyUnicode_CompareWithASCIIString(PyTuple_GetItem(keywords, i), "approximate") == 0)
            return 1;
    return 0;
}

static PyObject *vectorcall_of_ufunc(PyObject *ufunc, PyObject *const *args, size_t flagged,
                                     PyObject *keywords)
{
    const size_t named = keywords == NULL ? 0 : (size_t)Py_SIZE(keywords);
    const size_t n = NUMBER_OF_ARGUMENTS(flagged) + named;
    for (size_t i = 0; i < n; i++)
        if (!is_for_numpy(args[i]))
            return call_with_others(ufunc, args, flagged, keywords);
    PyObject *const result = numpy_call(ufunc, args, flagged, keywords);
    if (result != NULL || !(PyErr_ExceptionMatches(refusal) || has_approximate(keywords)))
        return result;
    PyErr_Clear();
    return call_with_others(ufunc, args, flagged, keywords);
}

#endif
