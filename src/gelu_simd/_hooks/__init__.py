"""Other libraries' objects, with which the ufuncs work as NumPy's own do.

A module here serves one library.  The ufuncs attach it before the first call that comes after that
library's import and holds anything but NumPy's and Python's own objects.  Nothing here imports a
library that the program has not imported.
"""

import importlib
import sys
import warnings
from _thread import RLock  # threading would be one more module to import
from functools import partial
from types import ModuleType

#: The hook for each library, by the library's module that makes the objects.
HOOKS = {
    "astropy.units": "astropy",
    "autograd.tracer": "autograd",
    "pint": "pint",
    "scipy.sparse": "sparse",
}

_attached: set[str] = set()
_lock = RLock()


def prepare(ufuncs: ModuleType) -> None:
    """Tell the ufuncs which imports to look for."""
    for module, hook in HOOKS.items():
        ufuncs.add_hook(module, partial(attach, module, hook))


def attach(module: str, hook: str) -> bool:
    """Attach a hook once; return False while its library is still being imported.

    A release of the library that the hook does not fit costs that hook alone, and a RuntimeWarning.
    """
    spec = getattr(sys.modules.get(module), "__spec__", None)
    if getattr(spec, "_initializing", False):
        return False
    with _lock:
        if hook not in _attached:
            _attached.add(hook)
            try:
                importlib.import_module(f"{__name__}.{hook}").attach()
            except Exception as error:  # whatever a changed private name may raise
                warnings.warn(
                    f"gelu_simd does not know this release of {module.partition('.')[0]}, "
                    f"whose objects its functions may refuse: {error!r}",
                    RuntimeWarning,
                    stacklevel=2,
                )
    return True
