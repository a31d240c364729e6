"""Registration with threadpoolctl, which then shows and limits the threads of this package.

>>> import threadpoolctl  # doctest: +SKIP
>>> import gelu_simd.threadpoolctl
>>> with threadpoolctl.threadpool_limits(1):  # doctest: +SKIP
...     gelu_simd.gelu(x)

`import gelu_simd` imports this module itself if threadpoolctl has been imported before.
"""

from pathlib import Path

from threadpoolctl import LibController, register

from gelu_simd import _ufuncs


class Controller(LibController):
    """The threads of this package, in the terms of threadpoolctl."""

    user_api = internal_api = "gelu_simd"
    filename_prefixes = ("_ufuncs",)
    check_symbols = ("set_num_threads",)

    def set_additional_attributes(self) -> None:
        """Use the extension module as the library, unless the file is another's of that name."""
        is_ours = Path(self.filepath).samefile(_ufuncs.__file__)
        self.dynlib = _ufuncs if is_ours else None

    def get_num_threads(self) -> int:
        """Return how many threads a call may use."""
        return _ufuncs.get_num_threads()

    def set_num_threads(self, num_threads: int) -> None:
        """Set how many threads a call may use, to the nearest possible number."""
        _ufuncs.set_num_threads(min(max(1, num_threads), _ufuncs.MAX_THREADS))

    def get_version(self) -> str:
        """Return the version of this package."""
        from importlib.metadata import version  # noqa: PLC0415 - takes milliseconds

        return version("gelu-simd")


register(Controller)
