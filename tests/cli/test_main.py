"""The root: lazily loaded commands, and what errors become."""

import subprocess
import sys

import click
import pytest

from gateway.cli.main import COMMANDS, AnswerIsNo, root, run
from gateway.model.errors import AuditUnavailable, ConfigurationError, Conflict, Forbidden


def test_help_names_the_commands_without_importing_them() -> None:
    script = "import sys; from gateway.cli import run; code = run(['--help']); print(code, 'gateway.cli.audit' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "audit" in answer
    assert "Read, search, export and prove the audit log." in answer
    assert answer.splitlines()[-1] == "0 False"


@pytest.mark.parametrize("name", root.list_commands(click.Context(root)))
def test_every_command_can_be_loaded(name: str) -> None:
    context = click.Context(root)
    command = root.get_command(context, name)
    assert isinstance(command, click.Command)
    assert command.name == name


def test_a_missing_module_hides_its_command_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "nothere", "A command of tomorrow.")
    assert "nothere" not in root.list_commands(click.Context(root))
    assert run(["nothere"]) == 2
    assert run(["--help"]) == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Forbidden("no"), 1),
        (Conflict("no"), 1),
        (AnswerIsNo("no"), 1),
        (click.UsageError("usage"), 2),
        (click.BadParameter("bad"), 2),
        (ConfigurationError("file: key: wrong"), 3),
        (AuditUnavailable("audit log unavailable"), 3),
        (click.FileError("x", "gone"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_become_exit_codes(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(root, "get_command", lambda context, name: failing)
    assert run(["failing"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    if str(error):
        assert str(error) in captured.err


def test_a_command_may_leave_with_its_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @click.pass_context
    def leaving(context: click.Context) -> None:
        context.exit(1)

    monkeypatch.setattr(root, "get_command", lambda context, name: leaving)
    assert run(["leaving"]) == 1


def test_a_reader_that_has_enough_is_no_error() -> None:
    command = f"{sys.executable} -m gateway --help | head -c 1"
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert "Traceback" not in answer.stderr
