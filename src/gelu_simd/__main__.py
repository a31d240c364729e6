"""``python -m gelu_simd``."""

import sys

from gelu_simd._cli.main import main

if __name__ == "__main__":
    sys.exit(main())
