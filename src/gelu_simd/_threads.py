"""How many threads one call may use when the package is imported."""

import os

#: Environment variables that lower the number, the first that is set counts.
VARIABLES = ("GELU_SIMD_NUM_THREADS", "OMP_NUM_THREADS")


def initial_number(most: int) -> int:
    """Return the number of threads to start with, from 1 to `most`.

    It is the number of CPUs that this process may use, by its affinity and the quota of its control
    groups, lowered by ``GELU_SIMD_NUM_THREADS`` or else by ``OMP_NUM_THREADS``.

    Raises
    ------
    ImportError
        If ``GELU_SIMD_NUM_THREADS`` is no positive whole number.  ``OMP_NUM_THREADS`` belongs to
        others: what is no number there is passed over.
    """
    number = min(usable_cpus(), most)
    own, shared = (os.environ.get(name, "").strip() for name in VARIABLES)
    if own:
        if not own.isdecimal() or int(own) == 0:
            raise ImportError(
                f"GELU_SIMD_NUM_THREADS={own}: not a positive whole number", name="gelu_simd"
            )
        return min(int(own), number)
    shared = shared.partition(",")[0].strip()  # a list holds a number for each level of nesting
    return min(int(shared), number) if shared.isdecimal() and int(shared) > 0 else number


def usable_cpus() -> int:
    """Count the CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        number = len(os.sched_getaffinity(0))
    else:
        number = os.cpu_count() or 1
    quota = cgroup_quota()
    return number if quota is None else max(1, min(number, int(quota)))


def cgroup_quota(root: str = "/") -> float | None:
    """Return how many CPUs' time Linux' control groups allow this process; None if any."""
    text = _read(f"{root}proc/self/cgroup")
    quotas = []
    for _, controllers, path in (line.split(":", 2) for line in text.splitlines()):
        if controllers == "":  # version 2; the limits of the groups above count too
            folder = f"{root}sys/fs/cgroup"
            for name in [None, *filter(None, path.split("/"))]:
                folder = folder if name is None else f"{folder}/{name}"
                quotas.append(_ratio(_read(f"{folder}/cpu.max").split()))
        elif "cpu" in controllers.split(","):  # version 1
            for place in (path, ""):  # in a container the group is the root of what is mounted
                folder = f"{root}sys/fs/cgroup/cpu{place.rstrip('/')}"
                files = (f"{folder}/cpu.cfs_quota_us", f"{folder}/cpu.cfs_period_us")
                quotas.append(_ratio([_read(file).strip() for file in files]))
    return min((quota for quota in quotas if quota is not None), default=None)


def _read(path: str) -> str:
    """Return what a file holds, "" if it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes longer to import
            return file.read()
    except OSError:
        return ""


def _ratio(words: list[str]) -> float | None:
    """Return quota / period; None if one is missing or the quota is no number: "max" or -1."""
    if len(words) != 2 or not all(word.isdecimal() and int(word) > 0 for word in words):
        return None
    return int(words[0]) / int(words[1])
