"""LiteRT, once TensorFlow Lite."""

from __future__ import annotations

import numpy as np

from gelu_simd._compare.peers.ways import APPROXIMATE, Arrays, Way, Ways, silent
from gelu_simd._functions import FUNCTIONS, Kind

#: The operators of a kind: name, inputs, output; inputs are operands, the last operator writes y.
GRAPHS = {
    Kind.VALUE: (("Gelu", ("x",), "y"),),
    Kind.BIAS: (("Add", ("x", "bias"), "t"), ("Gelu", ("t",), "y")),
    Kind.GATED: (("Gelu", ("gate",), "t"), ("Mul", ("t", "up"), "y")),
}


def model(function: str, n: int) -> bytes:
    """Return the file of a model that computes `function` of `n` elements of float32."""
    import flatbuffers  # noqa: PLC0415
    from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415

    def tensor(name: str) -> schema.TensorT:
        t = schema.TensorT()
        t.name, t.shape, t.type = name, [n], schema.TensorType.FLOAT32
        return t

    row = FUNCTIONS[function]
    graph = schema.SubGraphT()
    names = [*row.operands, *(output for _, _, output in GRAPHS[row.kind])]
    graph.tensors = [tensor(name) for name in names]
    graph.inputs, graph.outputs = list(range(len(row.operands))), [names.index("y")]
    graph.operators = []
    whole = schema.ModelT()
    whole.version, whole.subgraphs, whole.buffers = 3, [graph], [schema.BufferT()]
    whole.operatorCodes = []
    for index, (name, inputs, output) in enumerate(GRAPHS[row.kind]):
        code = schema.OperatorCodeT()
        code.version = 1
        code.builtinCode = getattr(schema.BuiltinOperator, name.upper())
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)  # one byte, once the only code
        whole.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = index
        operator.inputs, operator.outputs = [names.index(i) for i in inputs], [names.index(output)]
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, f"{name}Options")
        operator.builtinOptions = getattr(schema, f"{name}OptionsT")()
        if name == "Gelu":
            operator.builtinOptions.approximate = row.form == "tanh"
        graph.operators.append(operator)
    builder = flatbuffers.Builder()
    builder.Finish(whole.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def load(threads: int | None) -> Ways:
    """LiteRT's interpreter with XNNPACK, its default; one thread is its own number too.

    A call is `invoke`, from memory of the interpreter into memory of the interpreter.
    """
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        row = FUNCTIONS[function]
        if row.form not in APPROXIMATE or row.kind not in GRAPHS or a.x.dtype != np.float32:
            return {}
        with silent():
            run = Interpreter(model_content=model(function, a.x.size), num_threads=threads)
            run.allocate_tensors()
        for detail, x in zip(run.get_input_details(), a.inputs(function), strict=True):
            run.set_tensor(detail["index"], x)
        y = run.get_output_details()[0]["index"]
        return {"own memory": Way(run.invoke, lambda _: run.get_tensor(y))}

    return ways
