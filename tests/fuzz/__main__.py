"""`python -m tests.fuzz NAME …`: one target under atheris (libFuzzer), until it is stopped or finds something."""

import sys


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["gateway.wire", "gateway.proxy"]):  # what is imported here is what guides it
        from tests.fuzz.targets_mysql import TARGETS as MYSQL
        from tests.fuzz.targets_postgres import TARGETS as POSTGRES

    targets = {**POSTGRES, **MYSQL}
    if len(sys.argv) < 2 or sys.argv[1] not in targets:
        sys.exit(f"usage: python -m tests.fuzz {'|'.join(sorted(targets))} [corpus folder] [libFuzzer options]")
    target = targets[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
