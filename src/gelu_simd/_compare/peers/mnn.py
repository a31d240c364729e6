"""MNN."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from gelu_simd._check.bits import Array
from gelu_simd._compare.peers.ways import APPROXIMATE, Arrays, Way, Ways, silent
from gelu_simd._functions import FUNCTIONS, Kind

#: The errors of MNN's tanh form are up to 3.9e-5 of 1 + |x|, at 3.8.
SLACK = 5e-5


def session(approximate: str, x: Array, threads: int | None) -> tuple[Callable, Callable]:
    """Return the run of ONNX's Gelu on x, and what reads the result afterwards.

    MNN's converter makes the model.  The module around the converter, MNN.tools.mnnconvert, is not
    used: its import starts pip, for a package that sends logs.
    """
    with silent():
        import _tools  # noqa: PLC0415 - of MNN
        import MNN  # noqa: PLC0415
    import onnx  # noqa: PLC0415

    node = onnx.helper.make_node("Gelu", ["x"], ["y"], approximate=approximate)
    x_info, y_info = (onnx.helper.make_tensor_value_info(name, 1, [x.size]) for name in "xy")
    graph = onnx.helper.make_graph([node], "g", [x_info], [y_info])
    opsets = [onnx.helper.make_opsetid("", 20)]
    with tempfile.TemporaryDirectory() as folder, silent():
        source, model = str(Path(folder) / "g.onnx"), str(Path(folder) / "g.mnn")
        onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), source)
        files = ["--modelFile", source, "--MNNModel", model]
        _tools.mnnconvert(["mnnconvert", "-f", "ONNX", *files, "--bizCode", "x"])
        net = MNN.Interpreter(model)
        state = net.createSession({} if threads is None else {"numThread": threads})
    kind = MNN.Tensor_DimensionType_Caffe  # the order of NumPy
    net.getSessionInput(state).copyFrom(MNN.Tensor(x.shape, MNN.Halide_Type_Float, x, kind))
    return partial(net.runSession, state), net.getSessionOutput(state).getNumpyData


def _with_tensorflow() -> bool:
    return "tensorflow" in sys.modules


def load(threads: int | None) -> Ways:
    """MNN's tanh form; of the exact form MNN computes the tanh form too.

    A call is `runSession`, from memory of the session into memory of the session.
    """
    if _with_tensorflow():
        raise ImportError("its converter ends a process that TensorFlow is in; name one of them")
    with silent():
        import MNN  # noqa: F401, PLC0415

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        row = FUNCTIONS[function]
        if row.form != "tanh" or row.kind is not Kind.VALUE or a.x.dtype != np.float32:
            return {}
        if _with_tensorflow():  # since MNN was loaded
            return {}
        run, result = session(APPROXIMATE[row.form], a.x, threads)
        return {"own memory": Way(run, lambda _: result(), slack=SLACK)}

    return ways
