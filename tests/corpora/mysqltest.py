"""Statements of MariaDB's own test suite (`mysqltest` scripts), as far as they can be read without running the scripts.

The format: SQL up to a delimiter, lines that begin with `--` or `#` are commands and comments, and some commands stand without
the dashes (mysqltest.cc, `command_names`). What needs the script's variables or control flow is left out.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HOME: Final = Path("/usr/share/mysql/mysql-test/main")

_COMMAND_WORDS: Final = """
    connection query connect sleep inc dec source disconnect let echo expr while end system result require save_master_pos
    sync_with_master sync_slave_with_master error send reap dirty_close replace_result replace_column ping eval eval_p
    enable_query_log disable_query_log enable_prepare_warnings disable_prepare_warnings enable_result_log
    disable_result_log enable_connect_log disable_connect_log wait_for_slave_to_stop enable_warnings disable_warnings
    enable_info disable_info enable_session_track_info disable_session_track_info enable_metadata disable_metadata
    enable_column_names disable_column_names exec execw delimiter disable_abort_on_error enable_abort_on_error
    vertical_results horizontal_results query_vertical query_horizontal sorted_result partially_sorted_result
    lowercase_result start_timer end_timer character_set disable_ps_protocol enable_ps_protocol disable_ps2_protocol
    enable_ps2_protocol disable_view_protocol enable_view_protocol disable_service_connection enable_service_connection
    disable_cursor_protocol enable_cursor_protocol enable_non_blocking_api disable_non_blocking_api disable_reconnect
    enable_reconnect if disable_parsing enable_parsing replace_regex replace_numeric_round remove_file file_exists
    write_file copy_file perl die exit skip chmod append_file cat_file diff_files send_quit change_user mkdir rmdir
    force-rmdir force-cpdir list_files list_files_write_file list_files_append_file send_shutdown shutdown_server
    result_format move_file remove_files_wildcard copy_files_wildcard send_eval output reset_connection optimizer_trace
    evalp assert
"""
_COMMANDS: Final = frozenset(_COMMAND_WORDS.split())
_SENT: Final = frozenset({"send", "query_vertical", "query_horizontal"})
_WORD: Final = re.compile(r"\s*([a-zA-Z_][\w-]*)")
_VARIABLE: Final = re.compile(r"(?<![\\\w@$])\$\w")
_HEREDOC: Final = frozenset({"write_file", "append_file", "perl"})


def scripts() -> list[Path]:
    return sorted(HOME.glob("*.test"))


def statements(path: Path) -> Iterator[str]:
    """The statements of one script, in order, without delimiters. Parts between `disable_parsing` and its end are left out."""
    text = path.read_text("utf-8", "surrogateescape")
    delimiter = ";"
    position = 0
    parsing = True
    while position < len(text):
        position = _blank(text, position)
        line_end = text.find("\n", position)
        line_end = len(text) if line_end < 0 else line_end
        line = text[position:line_end]
        if line.startswith("#"):
            position = line_end + 1
            continue
        if line.startswith("--"):
            command = line[2:].strip()
            position = line_end + 1
        elif line.startswith("}"):
            position += 1
            continue
        else:
            end = _end(text, position, delimiter)
            command = text[position : min(end, len(text))]
            position = end + len(delimiter)
            word = _WORD.match(command)
            name = word.group(1).lower() if word else ""
            if name in ("if", "while"):  # their block's statements may not run, and not once
                position = _after_block(text, line_end)
                continue
            if name not in _COMMANDS:
                if parsing and command.strip() and _VARIABLE.search(command) is None:
                    yield command.strip()
                continue
        word = _WORD.match(command)
        name = word.group(1).lower() if word else ""
        rest = command[word.end() :].strip() if word else ""
        if name == "delimiter":
            delimiter = rest or delimiter
        elif name == "disable_parsing":
            parsing = False
        elif name == "enable_parsing":
            parsing = True
        elif name in _HEREDOC:
            position = _after_heredoc(text, position, rest)
        elif name in ("if", "while"):
            position = _after_block(text, line_end)
        elif name in _SENT and parsing and rest and _VARIABLE.search(rest) is None:
            yield rest


def _blank(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _end(text: str, position: int, delimiter: str) -> int:
    """Where the delimiter stands outside quotes; a comment line inside a statement hides its quotes."""
    quote = ""
    start_of_line = False
    while position < len(text):
        char = text[position]
        if quote:
            if char == "\\" and quote != "`":
                position += 1
            elif char == quote:
                quote = ""
        elif text.startswith(delimiter, position):
            return position
        elif char in "'\"`":
            quote = char
        elif start_of_line and (char == "#" or text.startswith("--", position)):
            found = text.find("\n", position)
            position = len(text) if found < 0 else found
            continue
        elif char == "{" and _WORD.match(text, max(0, text.rfind("\n", 0, position))) is not None:
            line = text[text.rfind("\n", 0, position) + 1 : position].lstrip().lower()
            if line.startswith(("if", "while")):
                return position
        start_of_line = char == "\n" or (start_of_line and char.isspace())
        position += 1
    return position


def _after_block(text: str, position: int) -> int:
    """Behind the braces of an if or while, which stand alone on their lines by the suite's convention."""
    depth = 0
    begun = False
    for line in text[text.rfind("\n", 0, position - 1) + 1 :].splitlines(keepends=True):
        stripped = line.strip()
        if not stripped.startswith(("#", "--")):
            depth += stripped.endswith("{")
            begun = begun or depth > 0
            depth -= stripped.startswith("}")
        position = text.find("\n", position) + 1 if text.find("\n", position) >= 0 else len(text)
        if begun and depth <= 0:
            return position
    return len(text)


def _after_heredoc(text: str, position: int, rest: str) -> int:
    words = rest.rstrip(";").split()
    end = words[-1] if words and words[-1].isupper() else "EOF"
    found = re.compile(rf"^{re.escape(end)}\s*$", re.MULTILINE).search(text, position)
    return found.end() if found else position
