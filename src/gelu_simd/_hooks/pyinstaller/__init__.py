"""PyInstaller: the folder of the hook for frozen programs, to which an entry point leads."""

from pathlib import Path


def hook_dirs() -> list[str]:
    """Return the folders that hold hooks."""
    return [str(Path(__file__).parent)]
