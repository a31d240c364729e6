"""What `import gelu_simd` adds to `import numpy`, fastest of 30 processes: python imports.py."""

import importlib.util
import subprocess
import sys

ROUNDS = 30

CODE = """
import sys, time
import numpy
sys.modules.update({absent})
start = time.perf_counter()
import gelu_simd
print(1e3 * (time.perf_counter() - start))
"""


def fastest(absent: dict[str, None]) -> float:
    """Return milliseconds."""
    command = [sys.executable, "-c", CODE.format(absent=absent)]
    return min(float(subprocess.check_output(command)) for _ in range(ROUNDS))


def main() -> None:
    """Print both."""
    print(f"{fastest({'ml_dtypes': None}):5.1f} ms without ml_dtypes")
    if importlib.util.find_spec("ml_dtypes") is None:
        print("ml_dtypes is not installed")
    else:
        print(f"{fastest({}):5.1f} ms with ml_dtypes")


if __name__ == "__main__":
    main()
