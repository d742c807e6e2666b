"""`gateway policy backtest`: a proposed bundle over the audited past."""

import asyncio
import time
from pathlib import Path

import click

from gateway.cli.audit import Moment
from gateway.cli.main import AnswerIsNo
from gateway.cli.output import Format, format_option, print_json, print_rows
from gateway.config import load_settings

_COLUMNS = ["count", "user", "before", "after", "relation", "rule", "example"]
_WEEK = 7 * 86_400.0


@click.command()
@click.option(
    "--bundle", required=True, type=click.Path(path_type=Path, file_okay=False, exists=True), help="The proposed one."
)
@click.option("--since", type=Moment(), help="From when on: 2026-06-01, or 2h, 7d ago (default: 7d).")
@click.option(
    "-c",
    "--config",
    default="gateway.toml",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Whose log, store and servers.",
)
@format_option
def backtest(bundle: Path, since: float | None, config: Path, *, format_: Format) -> None:
    """What the proposed bundle would newly refuse, allow, mask or limit, by person, relation and rule. Exit 1 if anything."""
    from gateway.app.backtest import run_backtest

    done = asyncio.run(run_backtest(load_settings(config), bundle, since if since is not None else time.time() - _WEEK))
    rows = [
        {
            "count": count,
            "user": change.user,
            "before": change.before,
            "after": change.after,
            "relation": change.relation,
            "rule": change.rule,
            "reason": change.reason,
            "example": done.examples[change],
        }
        for change, count in done.changes.most_common()
    ]
    if format_ == "json":
        print_json({"statements": done.statements, "skipped": done.skipped, "changes": rows})
    else:
        print_rows(rows, _COLUMNS, format_)
        click.echo(
            f"{done.statements} statements decided anew, {done.skipped} skipped (their person, database or server is away)"
        )
    if rows:
        raise AnswerIsNo(f"{sum(done.changes.values())} statements would be decided otherwise")
