"""`gateway policy check | test | explain | diff`."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import click

from gateway.cli.backtest import backtest
from gateway.cli.client import connect
from gateway.cli.main import AnswerIsNo
from gateway.cli.output import Format, format_option, plain, print_json, table
from gateway.model.errors import ConfigurationError
from gateway.model.footprint import Action
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.model.statement import Namespace, Origin, Statement
from gateway.policy import compile_policy, load_bundle
from gateway.policy.case_files import parse_role
from gateway.policy.case_runner import CaseResult, run_cases
from gateway.policy.checks import warnings
from gateway.policy.diff import BundleDiff, diff_bundles
from gateway.policy.explain import Explanation, explain_action, explain_statement

_DEFAULT = Path("policies")
_SHOWN_CHANGES = 200
_directory = click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=_DEFAULT)


@click.group()
def policy() -> None:
    """Policy bundles: is it valid, does it answer as it must, why does a decision fall as it does, what changes."""


policy.add_command(backtest)


@policy.command()
@_directory
@click.option("--strict", is_flag=True, help="What only looks wrong counts as wrong too.")
@format_option
def check(directory: Path, *, strict: bool, format_: Format) -> None:
    """Validate the bundle in DIRECTORY (default: policies)."""
    try:
        bundle = load_bundle(directory)
    except ConfigurationError as error:
        if format_ == "json":
            print_json({"valid": False, "errors": str(error).splitlines(), "warnings": []})
            raise AnswerIsNo("the bundle is not valid") from None
        raise AnswerIsNo(str(error)) from None
    found = warnings(bundle)
    if format_ == "json":
        print_json({"valid": True, "version": bundle.version, "rules": len(bundle.rules), "errors": [], "warnings": found})
    else:
        for warning in found:
            click.echo(f"warning: {directory}/{warning}")
        cases = sum(len(file.cases) for file in bundle.cases)
        click.echo(
            f"{directory}: version {bundle.version}, {len(bundle.rules)} rules, {len(bundle.roles)} roles, {cases} cases"
        )
    if found and strict:
        raise AnswerIsNo(f"{len(found)} warnings")


@policy.command()
@_directory
@click.option("-k", "part", default="", help="Only cases whose name holds this.")
@click.option("-v", "--verbose", is_flag=True, help="Show why, for every case.")
@format_option
def test(directory: Path, part: str, *, verbose: bool, format_: Format) -> None:
    """Run the cases of the bundle in DIRECTORY (default: policies)."""
    from gateway.cli.case_schema import footprints

    bundle = load_bundle(directory)
    results = [result for result in run_cases(bundle, footprints) if part in result.name]
    failed = [result for result in results if not result.passed]
    if format_ == "json":
        cases = [{"file": item.file, "name": item.name, "passed": item.passed, "problem": item.problem} for item in results]
        print_json({"version": bundle.version, "passed": len(results) - len(failed), "failed": len(failed), "cases": cases})
    else:
        for result in results:
            _print_result(result, verbose=verbose)
        click.echo(f"{len(results) - len(failed)} of {len(results)} cases pass under policy {bundle.version}")
    if not results:
        raise click.UsageError("there are no such cases")
    if failed:
        raise AnswerIsNo(f"{len(failed)} cases fail")


def _print_result(result: CaseResult, *, verbose: bool) -> None:
    if verbose or not result.passed:
        click.echo(f"{'ok  ' if result.passed else 'FAIL'} {result.file}: {result.name}")
        if result.problem:
            click.echo(f"     {result.problem}")
        for explanation in result.explanations:
            for line in explanation.to_text().splitlines():
                click.echo(f"     {plain(line)}")


@policy.command()
@click.argument("statement", required=False)
@click.option("--on", "database", required=True, metavar="INSTANCE/DATABASE", help="The database that is asked.")
@click.option("--user", help="Whose decision; without it, the caller's own.")
@click.option("--action", type=click.Choice([action.value for action in Action]), help="Instead of a statement, with --object.")
@click.option("--object", "path", help="The object's path, with --action.")
@click.option("--address", help="As from this client address.")
@click.option("--bundle", type=click.Path(path_type=Path, file_okay=False), help="Decide by this folder, without a gateway.")
@click.option("--roles", multiple=True, metavar="ROLE[@PROJECT]", help="With --bundle: the roles held; may be repeated.")
@click.option("--environment", default="prod", show_default=True, help="With --bundle: the database's environment.")
@click.option("--project", default="", help="With --bundle: the database's project; by default that of the first role.")
@click.option("--schema", type=click.Path(path_type=Path, dir_okay=False), help="With --bundle: a schema as cases have it.")
@click.option("--url", help="The gateway's HTTP address.")
@click.option("-c", "--config", type=click.Path(path_type=Path, dir_okay=False), help="gateway.toml, for its HTTP address.")
@format_option
def explain(
    statement: str | None,
    *,
    database: str,
    action: str | None,
    path: str | None,
    bundle: Path | None,
    format_: Format,
    **options: Any,
) -> None:
    """Say why STATEMENT (or an action on an object) is decided as it is.

    Speaks to the gateway as the caller; with --bundle it decides by files alone.
    """
    if (statement is None) == (action is None) or (action is None) != (path is None):
        raise click.UsageError("give either a statement, or --action and --object")
    instance, slash, name = database.partition("/")
    if not slash or not instance or not name:
        raise click.UsageError("--on takes instance/database, for example pg1/shop")
    if bundle is None:
        _explain_by_gateway({"database": database, "statement": statement, "action": action, "path": path}, format_, options)
        return
    explanations = _explain_by_files(bundle, (instance, name), statement, (action, path), options)
    if format_ == "json":
        print_json([explanation.to_dict() for explanation in explanations])
    else:
        for explanation in explanations:
            for line in explanation.to_text().splitlines():
                click.echo(plain(line))


def _explain_by_gateway(asked: dict[str, str | None], format_: Format, options: dict[str, Any]) -> None:
    body = asked | {"user": options["user"], "address": options["address"]}
    with connect(options["url"], options["config"]) as client:
        answer = client.post("policies/explain", {key: value for key, value in body.items() if value is not None})
    if format_ == "json":
        print_json(answer)
        return
    for decision in answer["decisions"]:
        kind = f"{decision['kind']}: " if decision.get("kind") else ""
        click.echo(plain(f"{kind}{decision['outcome']} ({decision['code']}): {decision['text']}"))
        for key in ("rule", "policy_version", "hint"):
            if decision.get(key):
                click.echo(plain(f"  {key.replace('_', ' ')}: {decision[key]}"))


def _explain_by_files(
    folder: Path,
    address: tuple[str, str],
    statement: str | None,
    asked: tuple[str | None, str | None],
    options: dict[str, Any],
) -> list[Explanation]:
    try:
        bindings = tuple(parse_role(text) for text in options["roles"])
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    snapshot = compile_policy(load_bundle(folder))
    project = options["project"] or next((item.project for item in bindings if item.project), "")
    target = Target(Engine.POSTGRES, *address, options["environment"], project)
    principal = Principal(options["user"] or "somebody", bindings)
    client = ClientInfo(options["address"] or "127.0.0.1")
    now = time.time()
    action, path = asked
    if action is not None and path is not None:
        where = target.environment
        explained = explain_action(
            snapshot, principal, project, path, Action(action), now=now, client=client, environment=where
        )
        return [explained]
    from gateway.cli.case_schema import footprints

    text = Statement(target.engine, statement or "", Namespace(), Origin.EXPLAIN)
    return [
        explain_statement(snapshot, principal, target, footprint, client=client, now=now)
        for footprint in footprints(text, options["schema"])
    ]


@policy.command()
@click.argument("old", type=click.Path(path_type=Path, file_okay=False))
@click.argument("new", type=click.Path(path_type=Path, file_okay=False))
@format_option
def diff(old: Path, new: Path, format_: Format) -> None:
    """Say what the bundle NEW changes against OLD. Exit code 1 where anything does."""
    found = diff_bundles(load_bundle(old), load_bundle(new))
    if format_ == "json":
        print_json(dataclasses.asdict(found))
    else:
        _print_diff(found)
    if not found.empty:
        raise AnswerIsNo(f"{len(found.added)} rules came, {len(found.removed)} went, {len(found.changes)} answers differ")


def _print_diff(found: BundleDiff) -> None:
    click.echo(f"policy {found.old_version} -> {found.new_version}")
    for sign, lines in (("-", found.removed), ("+", found.added)):
        for line in lines:
            click.echo(f"{sign} {plain(line)}")
    if found.changes:
        columns = ("subject", "project", "environment", "path", "action", "before", "after", "rule")
        rows = [
            [getattr(change, column) for column in columns[:-1]] + [change.rule_after or change.rule_before]
            for change in found.changes[:_SHOWN_CHANGES]
        ]
        for line in table(rows, columns):
            click.echo(line)
    more = len(found.changes) - _SHOWN_CHANGES
    if more > 0:
        click.echo(f"… and {more} more; --format json has all")
    click.echo(
        f"{len(found.changes)} of {found.samples} sampled answers differ" + ("" if found.complete else " (not all sampled)")
    )
