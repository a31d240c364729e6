"""Which form of GELU each library computes, under each of its names: the page on porting.

    python bench/porting.py [LIBRARY ...]

runs those that are installed, each in a process of its own.  It prints the form that the results
are nearest to, how near, and what becomes of large and infinite numbers.  Some libraries need an
environment of their own: executorch one with its version of PyTorch, for example.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gelu_simd

Spellings = dict[str, Callable[[np.ndarray], Any]]

X = np.linspace(-4, 4, 96, dtype=np.float32)
LARGE = np.array([np.inf, -np.inf, 3.4e38, -13], np.float32)


def quick_gelu(x: np.ndarray) -> np.ndarray:
    """Return x times the logistic function of 1.702 x."""
    return x / (1 + np.exp(-1.702 * x))


FORMS = {"exact": gelu_simd.gelu, "tanh": gelu_simd.gelu_tanh, "quick": quick_gelu}


def torch() -> Spellings:
    import torch
    from torch.nn import functional

    return {
        f'F.gelu(x, "{word}")': lambda x, w=word: functional.gelu(
            torch.from_numpy(x), approximate=w
        )
        for word in ("none", "tanh")
    } | {"nn.GELU()": lambda x: torch.nn.GELU()(torch.from_numpy(x))}


def tensorflow() -> Spellings:
    import tensorflow

    return {
        "tf.nn.gelu(x)": tensorflow.nn.gelu,
        "tf.nn.gelu(x, True)": lambda x: tensorflow.nn.gelu(x, True),
    }


def jax() -> Spellings:
    import jax

    return {
        "jax.nn.gelu(x)": jax.nn.gelu,
        "jax.nn.gelu(x, False)": lambda x: jax.nn.gelu(x, approximate=False),
    }


def keras() -> Spellings:
    import keras

    return {
        "activations.gelu(x)": lambda x: keras.ops.convert_to_numpy(keras.activations.gelu(x)),
        "ops.gelu(x)": lambda x: keras.ops.convert_to_numpy(keras.ops.gelu(x)),
    }


def transformers() -> Spellings:
    import torch
    from transformers.activations import ACT2FN

    return {
        f'"{name}"': lambda x, n=name: ACT2FN[n](torch.from_numpy(x)).detach()
        for name in sorted(ACT2FN)
        if "gelu" in name
    }


def openvino() -> Spellings:
    import openvino
    from openvino import opset13

    def run(x: np.ndarray, mode: str) -> np.ndarray:
        parameter = opset13.parameter([-1], np.float32)
        model = openvino.Model([opset13.gelu(parameter, mode)], [parameter])
        options = {"INFERENCE_PRECISION_HINT": "f32"}
        return openvino.Core().compile_model(model, "CPU", options)(x)[0]

    return {mode: lambda x, m=mode: run(x, m) for mode in ("ERF", "TANH")}


def ai_edge_litert() -> Spellings:
    import tensorflow
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    def run(x: np.ndarray, approximate: bool, resolver: Any) -> np.ndarray:
        spec = tensorflow.TensorSpec([x.size], tensorflow.float32)
        f = tensorflow.function(
            lambda x: tensorflow.nn.gelu(x, approximate), input_signature=[spec]
        )
        converter = tensorflow.lite.TFLiteConverter.from_concrete_functions(
            [f.get_concrete_function()], f
        )
        interpreter = Interpreter(
            model_content=converter.convert(), experimental_op_resolver_type=resolver
        )
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    return {
        f"approximate={word}{rest}": lambda x, w=word, r=resolver: run(x, w, r)
        for word in (False, True)
        for rest, resolver in (("", OpResolverType.AUTO), (", no delegate", plain))
    }


def executorch() -> Spellings:
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower
    from executorch.runtime import Runtime

    def run(x: np.ndarray, word: str, partitioner: list) -> Any:
        t = torch.from_numpy(x)
        program = to_edge_transform_and_lower(
            torch.export.export(torch.nn.GELU(word), (t,)), partitioner=partitioner
        )
        method = Runtime.get().load_program(program.to_executorch().buffer).load_method("forward")
        return method.execute([t])[0]

    return {
        f'"{word}", {name}': lambda x, w=word, p=partitioner: run(x, w, p)
        for word in ("none", "tanh")
        for name, partitioner in (("portable", []), ("XNNPACK", [XnnpackPartitioner()]))
    }


def ncnn() -> Spellings:
    import ncnn

    def run(x: np.ndarray, fast: int) -> np.ndarray:
        results = []
        with tempfile.TemporaryDirectory() as folder:
            param, weights = Path(folder) / "g.param", Path(folder) / "g.bin"
            param.write_text(f"7767517\n2 2\nInput i 0 1 in\nGELU g 1 1 in out 0={fast}\n")
            weights.write_bytes(bytes(16))
            net = ncnn.Net()
            net.load_param(str(param))
            net.load_model(str(weights))
            for value in x:
                extractor, mat = net.create_extractor(), ncnn.Mat(8)
                mat.fill(float(value))
                extractor.input("in", mat)
                results.append(np.array(extractor.extract("out")[1])[0])
        return np.array(results)

    return {f"fast_gelu={fast}": lambda x, f=fast: run(x, f) for fast in (0, 1)}


def MNN() -> Spellings:
    import MNN.nn
    import MNN.numpy
    import onnx

    def run(x: np.ndarray, word: str) -> np.ndarray:
        node = onnx.helper.make_node("Gelu", ["x"], ["y"], approximate=word)
        x_info, y_info = (onnx.helper.make_tensor_value_info(n, 1, [x.size]) for n in "xy")
        graph = onnx.helper.make_graph([node], "g", [x_info], [y_info])
        opsets = [onnx.helper.make_opsetid("", 20)]
        with tempfile.TemporaryDirectory() as folder:
            source, model = str(Path(folder) / "g.onnx"), str(Path(folder) / "g.mnn")
            onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), source)
            convert = Path(sys.executable).with_name("mnnconvert")
            command = [convert, "-f", "ONNX", "--modelFile", source, "--MNNModel", model]
            subprocess.run([*command, "--bizCode", "x"], capture_output=True, check=True)
            net = MNN.nn.load_module_from_file(model, ["x"], ["y"])
            array = MNN.numpy.array(x.tolist(), dtype=MNN.numpy.float32)
            return np.array(net.forward(array).read())

    return {f'ONNX Gelu "{word}"': lambda x, w=word: run(x, w) for word in ("none", "tanh")}


def paddle() -> Spellings:
    import paddle

    gelu = paddle.nn.functional.gelu
    return {
        "F.gelu(x)": lambda x: gelu(paddle.to_tensor(x)).numpy(),
        "F.gelu(x, True)": lambda x: gelu(paddle.to_tensor(x), True).numpy(),
        "nn.GELU()": lambda x: paddle.nn.GELU()(paddle.to_tensor(x)).numpy(),
    }


def mlx() -> Spellings:
    import mlx.core
    import mlx.nn

    functions = {
        name: getattr(mlx.nn, name) for name in ("gelu", "gelu_approx", "gelu_fast_approx")
    }
    layers = {f'GELU("{w}")': mlx.nn.GELU(w) for w in ("none", "precise", "tanh", "fast")}
    return {
        name: lambda x, f=f: np.array(f(mlx.core.array(x)))
        for name, f in (functions | layers).items()
    }


def mindspore() -> Spellings:
    import mindspore

    functions = {
        "ops.gelu(x)": mindspore.ops.gelu,
        'ops.gelu(x, "tanh")': lambda x: mindspore.ops.gelu(x, "tanh"),
        "nn.GELU()": mindspore.nn.GELU(),
        "nn.GELU(False)": mindspore.nn.GELU(False),
    }
    return {name: lambda x, f=f: f(mindspore.Tensor(x)).asnumpy() for name, f in functions.items()}


def tinygrad() -> Spellings:
    os.environ["DEV"] = "PYTHON"  # needs no compiler
    import tinygrad

    def tensor(x: np.ndarray) -> Any:
        return tinygrad.Tensor(x)

    return {
        "gelu()": lambda x: tensor(x).gelu().numpy(),
        'gelu("none")': lambda x: tensor(x).gelu("none").numpy(),
        "quick_gelu()": lambda x: tensor(x).quick_gelu().numpy(),
    }


LIBRARIES = {
    f.__name__: f
    for f in (
        torch, tensorflow, jax, keras, transformers, openvino, ai_edge_litert, executorch, ncnn,
        MNN, paddle, mlx, mindspore, tinygrad,
    )
}  # fmt: skip


def nearest(f: Callable[[np.ndarray], Any]) -> tuple[str, float]:
    """Return the form that a function's results are nearest to, and the largest distance."""
    y = np.asarray(f(X), np.float64)
    distances = {
        name: float(np.abs(y - form(X.astype(np.float64))).max()) for name, form in FORMS.items()
    }
    form = min(distances, key=lambda name: distances[name])
    return form, distances[form]


def show(library: str) -> None:
    """Print what a library computes."""
    for spelling, f in LIBRARIES[library]().items():
        form, distance = nearest(f)
        large = ", ".join(f"{y:.3g}" for y in np.asarray(f(np.resize(LARGE, X.size)))[: LARGE.size])
        print(f"{library:14} {spelling:28} {form:6} to {distance:.1e}; of {LARGE}: {large}")


def main() -> None:
    """Run the libraries, each in a process of its own."""
    parser = argparse.ArgumentParser(description="Which form of GELU each library computes.")
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY")
    names = parser.parse_args().libraries
    if unknown := set(names) - {*LIBRARIES}:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(LIBRARIES)}")
    for name in names or LIBRARIES:
        if importlib.util.find_spec(name) is None:
            print(f"{name:14} is not installed")
            continue
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import porting"
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", f"{code}; porting.show({name!r})"],
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip


if __name__ == "__main__":
    main()
