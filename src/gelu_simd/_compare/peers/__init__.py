"""The registry of peers: other ways to compute GELU, other activations, bounds of the speed.

A peer is imported when it is loaded.  Loading returns the ways to call a function on arrays.  All
peers use the same memory where they can.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Iterable
from functools import partial

import numpy as np

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._compare.peers import (
    jax,
    litert,
    mnn,
    numba,
    numexpr,
    onnxruntime,
    openvino,
    tensorflow,
    thinc,
    torch,
)
from gelu_simd._compare.peers.numpy_formulas import bound, formula, relu, separate
from gelu_simd._compare.peers.ways import Arrays, Entry, Peer, Way
from gelu_simd._levels import using

PEERS = {
    peer.name: peer
    for peer in (
        Peer("torch", "PyTorch", "peer", ("torch",), torch.load),
        Peer("onnxruntime", "onnxruntime", "peer", ("onnxruntime", "onnx"), onnxruntime.load),
        Peer("jax", "JAX", "peer", ("jax",), jax.load),
        Peer("tensorflow", "TensorFlow", "peer", ("tensorflow",), tensorflow.load),
        Peer("litert", "LiteRT", "peer", ("ai_edge_litert",), litert.load),
        Peer("openvino", "OpenVINO", "peer", ("openvino",), openvino.load),
        Peer("mnn", "MNN", "peer", ("MNN", "onnx"), mnn.load),
        Peer("numba", "numba", "peer", ("numba",), numba.load),
        Peer("numexpr", "numexpr", "peer", ("numexpr",), numexpr.load),
        Peer("thinc", "Thinc", "peer", ("thinc",), thinc.load),
        Peer("scipy-erf", "SciPy erf", "peer", ("scipy",),
             formula("gelu_erf", "gelu_grad_erf", "exact")),
        Peer("scipy-ndtr", "SciPy ndtr", "peer", ("scipy",),
             formula("gelu_ndtr", "gelu_grad_ndtr", "exact")),
        Peer("numpy-mul", "NumPy x*x*x", "peer", ("numpy",),
             formula("gelu_tanh_mul", "gelu_tanh_grad_mul", "tanh")),
        Peer("numpy-pow", "NumPy x**3", "peer", ("numpy",),
             formula("gelu_tanh_pow", "gelu_tanh_grad_pow", "tanh")),
        Peer("numpy-quick", "NumPy quick", "peer", ("numpy",),
             formula("quick_gelu", "quick_gelu_grad", "quick")),
        Peer("separate", "gelu_simd, separate calls", "other", ("numpy",), separate),
        Peer("relu", "NumPy ReLU", "other", ("numpy",), relu),
        Peer("silu", "NumPy SiLU", "other", ("numpy",), formula("silu", "silu_grad")),
        Peer("elu", "NumPy ELU", "other", ("numpy",), formula("elu", "elu_grad")),
        Peer("exp", "np.exp", "limit", ("numpy",), bound(np.exp)),
        Peer("copy", "np.copyto", "limit", ("numpy",), bound(lambda x, out: np.copyto(out, x))),
    )
}  # fmt: skip


def our_levels(threads: int | None) -> list[Entry]:
    """Return this package on every level that the CPU has, the best first.

    Like the peers it uses a number of threads, None for its own.
    """

    def entry(level: str) -> Entry:
        def ways(function: str, a: Arrays) -> dict[str, Way]:
            run = partial(_ufuncs.ufuncs[function], *a.inputs(function), *a.outs(function))
            return {"out": Way(run, context=partial(using, level, threads))}

        return Entry(level, f"gelu_simd {level}", "ours", gelu_simd.__version__, ways)

    return [entry(level) for level in gelu_simd.cpu_info()["available"]]


def load(names: Iterable[str], threads: int | None) -> tuple[list[Entry], dict[str, str]]:
    """Import the peers of these names; return them, and the reason of each that is absent."""
    entries, absent = [], {}
    for peer in (PEERS[name] for name in names):
        if missing := [name for name in peer.modules if importlib.util.find_spec(name) is None]:
            what = "" if missing == [peer.name] else f"{' and '.join(missing)} "
            absent[peer.name] = f"{what}not installed"
            continue
        try:
            ways = peer.load(threads)
            version = _version(peer.modules[0])
        except Exception as exc:
            absent[peer.name] = f"cannot be imported: {' '.join(str(exc).split())}"
            continue
        entries.append(Entry(peer.name, peer.title, peer.kind, version, ways))
    return entries, absent


def _version(module: str) -> str:
    """Return a module's version, or its package's of this name, up to the mark of the build."""
    import importlib.metadata as packages  # noqa: PLC0415 - it takes long, and few runs need it

    version = getattr(importlib.import_module(module), "__version__", None)
    return re.split("[+-]", version or packages.version(module))[0]
