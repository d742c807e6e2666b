"""`python -m benchmarks NAME [options]`, or `all`: every module beside this one that has a `main(arguments) -> int`."""

import importlib
import pkgutil
import sys
from collections.abc import Sequence

import benchmarks


def names() -> list[str]:
    """Every benchmark, by its module's name."""
    found = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")]
    return sorted(name for name in found if hasattr(importlib.import_module(f"benchmarks.{name}"), "main"))


def run(arguments: Sequence[str]) -> int:
    """One benchmark with the rest of the arguments, or all of them; the worst exit code."""
    known = names()
    wanted, *rest = arguments or [""]
    if wanted == "all":
        return max((run([name, *rest]) for name in known), default=0)
    if wanted not in known:
        print(f"usage: python -m benchmarks all|{'|'.join(known)}", file=sys.stderr)
        return 2
    print(f"== {wanted}", flush=True)
    result: int = importlib.import_module(f"benchmarks.{wanted}").main(list(rest))
    return result


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
