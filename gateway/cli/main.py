"""The root of the command line. Command modules are imported when their command is used, so that `gateway --help` is quick."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence

import click

from gateway.model.errors import Conflict, Forbidden, GatewayError

DONE, ANSWER_IS_NO, WRONG_USAGE, COULD_NOT = 0, 1, 2, 3

# What `gateway --help` says of each, without importing it. A command `x` is `gateway.cli.x:x`.
COMMANDS = {
    "access": "Ask for temporary access, decide on requests.",
    "apply": "Bring the store to what a workspace file describes.",
    "audit": "Read, search, export and prove the audit log.",
    "demo": "Start everything on sample data.",
    "explain": "Say what SQL statements touch.",
    "issue": "Change issues: list, show, approve, reject, roll out.",
    "login": "Keep a login for this machine's user.",
    "logout": "Forget the kept login.",
    "policy": "Check, test, explain and compare policy bundles.",
    "secrets": "The master key: check it, rotate it.",
    "serve": "Run the gateway.",
    "token": "API tokens.",
    "user": "Users of the gateway.",
}
_MODULES = {"logout": "login"}


class AnswerIsNo(Exception):
    """The command worked and the answer is no: the message goes to standard error, the exit code is 1."""


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if _module_exists(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS or not _module_exists(cmd_name):
            return None
        module = importlib.import_module(_module_name(cmd_name))
        command = getattr(module, cmd_name, None) or getattr(module, "command", None)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__} has no click command named {cmd_name}")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, COMMANDS[name]) for name in self.list_commands(ctx)]
        if commands:
            with formatter.section("Commands"):
                formatter.write_dl(commands)


def _module_name(command: str) -> str:
    return f"gateway.cli.{_MODULES.get(command, command)}"


def _module_exists(command: str) -> bool:
    return importlib.util.find_spec(_module_name(command)) is not None


@click.command(
    cls=LazyGroup, name="gateway", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="gateway", prog_name="gateway")
def root() -> None:
    """Access control for databases: policy, change issues and a provable audit log in front of PostgreSQL and MySQL."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (default: this process's) and return its exit code. Errors are told on standard error."""
    try:
        result = root.main(arguments, prog_name="gateway", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return WRONG_USAGE if isinstance(error, click.UsageError) else COULD_NOT
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except (AnswerIsNo, Forbidden, Conflict) as answer:
        click.echo(str(answer), err=True)
        return ANSWER_IS_NO
    except GatewayError as error:
        click.echo(f"gateway: {error}", err=True)
        return COULD_NOT
    except BrokenPipeError:
        # The reader (head, less) has what it wanted; keep the interpreter from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return result if isinstance(result, int) else DONE


def main() -> None:
    """The `gateway` command: run and leave with the exit code."""
    sys.exit(run())
