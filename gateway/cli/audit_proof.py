"""`gateway audit prove`, and what `gateway audit verify --proof` does."""

from pathlib import Path
from typing import Any

import click

from gateway.audit import files
from gateway.audit.proof import load_proof, proof_fault
from gateway.audit.proof import prove as prove_record
from gateway.cli.main import AnswerIsNo
from gateway.cli.output import Format, plain, print_json
from gateway.config import load_settings


@click.command()
@click.argument("seq", type=click.IntRange(min=1))
@click.option("-c", "--config", type=click.Path(path_type=Path, dir_okay=False), help="gateway.toml: where the log is.")
@click.option("--dir", "directory", type=click.Path(path_type=Path, file_okay=False, exists=True), help="The log's folder.")
@click.option("--chain", help="The writer whose record it is; needed where there are several.")
@click.option("-o", "--output", type=click.File("w", encoding="utf-8"), default="-", help="Where to; standard output.")
def prove(seq: int, config: Path | None, directory: Path | None, chain: str | None, output: Any) -> None:
    """Write what proves record SEQ to somebody who has the public key alone (`gateway audit verify --proof`)."""
    if (config is None) == (directory is None):
        raise click.UsageError("give either -c gateway.toml or --dir")
    folder = load_settings(config).audit.dir if config is not None else directory
    assert folder is not None
    names = [path.name for path in files.chains(folder)]
    if chain is None and len(names) != 1:
        raise click.UsageError(f"--chain: one of {', '.join(names)}" if names else "there is no log")
    if chain is not None and chain not in names:
        raise click.UsageError(f"--chain: no such chain; there are {', '.join(names)}")
    output.write(prove_record(folder, chain or names[0], seq).dump())


def check_proof(path: Path, public_key: bytes, format_: Format) -> None:
    """Print whether the proof holds; exit 1 where it does not."""
    try:
        proof = load_proof(path.read_text("utf-8"))
        fault = proof_fault(proof, public_key)
    except (ValueError, RecursionError) as error:
        raise AnswerIsNo(f"{path}: no proof: {plain(str(error))}") from None
    if format_ == "json":
        print_json({"ok": not fault, "record": proof.record.decode(), "reason": fault or None})
    elif not fault:
        click.echo(f"proved: {plain(proof.record.decode())}")
    if fault:
        raise AnswerIsNo(f"{path}: {fault}")
