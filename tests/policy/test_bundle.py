"""Bundles: read whole, checked whole, named by what decides."""

import shutil
from pathlib import Path

import pytest

from gateway.model.errors import ConfigurationError
from gateway.model.masker import HashMask, RegexMask
from gateway.policy.bundle import load_bundle
from gateway.policy.checks import warnings
from tests.policy.worlds import write_bundle

SHIPPED = Path(__file__).parents[2] / "policies"
POLICY = "p, developer, *, **, select, , allow\n"


def failure(folder: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        load_bundle(folder)
    return [line.removeprefix(f"{folder}/") for line in str(raised.value).splitlines()]


def test_the_shipped_bundle_loads_without_a_warning() -> None:
    bundle = load_bundle(SHIPPED)
    assert {"developer", "analyst", "dba", "auditor", "owner"} <= bundle.roles
    assert warnings(bundle) == []
    assert [entry.column for entry in bundle.masking.columns] == ["email", "phone", "card_number"] * 2  # for each engine
    assert all("developer" in rule.roles or "analyst" in rule.roles for rule in bundle.queries.rules)


def test_the_version_names_what_decides(tmp_path: Path) -> None:
    one = load_bundle(write_bundle(tmp_path / "a", POLICY))
    same = load_bundle(write_bundle(tmp_path / "b", POLICY))
    cases = tmp_path / "b" / "cases"
    cases.mkdir()
    (cases / "x.toml").write_text("")
    other = load_bundle(write_bundle(tmp_path / "c", POLICY + "# changed\n"))
    assert one.version == same.version == load_bundle(tmp_path / "b").version
    assert one.version != other.version
    assert len(one.version) == 12


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    assert "no such folder" in failure(tmp_path / "nowhere")[0]
    write_bundle(tmp_path, POLICY)
    (tmp_path / "policy.csv").unlink()
    assert failure(tmp_path)[0].startswith("policy.csv: missing")


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    write_bundle(tmp_path, POLICY)
    (tmp_path / "masking.toml").write_bytes(b"\xff")
    assert failure(tmp_path)[0].startswith("masking.toml: cannot be read")


def test_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write_bundle(tmp_path, "p, x\n", query_rules_toml="[[rules]]\n", masking_toml="[[columns]]\n")
    files = {line.split(":")[0] for line in failure(tmp_path)}
    assert files == {"policy.csv", "query_rules.toml", "masking.toml"}


RULE = '[[rules]]\nname = "n"\nroles = ["developer"]\nobjects = ["**"]\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules = 1", "query_rules.toml: rules: "),
        ("x =", "query_rules.toml: not valid TOML"),
        (RULE, "the rule limits nothing; give it one of max_rows"),
        (RULE + "max_row = 1\n", "query_rules.toml: rules[1].max_row: unknown key; known here: max_bytes, max_rows"),
        (RULE + "max_rows = -1\n", "rules[1].max_rows: Input should be greater than or equal to 0"),
        (RULE + 'max_rows = "many"\n', "rules[1].max_rows: "),
        (RULE + "max_rows = true\n", "rules[1].max_rows: "),
        (RULE + 'max_bytes = "10 parsecs"\n', 'rules[1].max_bytes: expected bytes as a number or as "10MB"'),
        (RULE + 'statement_timeout = "soon"\n', 'rules[1].statement_timeout: expected milliseconds as a number or as "30s"'),
        (RULE + 'max_rows = 1\nmode = "maybe"\n', "rules[1].mode: "),
        (RULE + 'max_rows = 1\non_limit = "explode"\n', "rules[1].on_limit: "),
        (RULE + 'max_rows = 1\nwhen = "hour = 3"\n', "rules[1].when: condition 'hour = 3' cannot be read"),
        (RULE.replace("**", "a//b") + "max_rows = 1\n", "rules[1].objects[1]: pattern 'a//b' has an empty segment"),
        (RULE.replace('["developer"]', "[]") + "max_rows = 1\n", "rules[1].roles: "),
        ((RULE + "max_rows = 1\n") * 2, "two rules have the name 'n'"),
    ],
)
def test_query_rules_name_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    lines = failure(write_bundle(tmp_path, POLICY, query_rules_toml=text))
    assert says in lines[0]


COLUMN = '[[columns]]\npath = "pg1/shop/public/customers/email"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (COLUMN, "give either `masker` or `class`"),
        (COLUMN + 'masker = "email"\nclass = "contact"\n', "give either `masker` or `class`"),
        (COLUMN + 'masker = "blur"\n', "columns[1].masker: no masker 'blur'; there are: digits, email, hash, null"),
        (COLUMN + 'class = "secret"\n', "columns[1].class: no class 'secret'; there are: none yet"),
        ('[classes]\ncontact = "blur"\n', "classes.contact: no masker 'blur'"),
        ('[[columns]]\npath = "**"\nmasker = "null"\n', "must end in a column"),
        ('[[columns]]\npath = "email"\nmasker = "null"\n', "must end in a column"),
        ('[maskers.m]\nkind = "blur"\n', "masking.toml: maskers.m: "),
        ('[maskers.m]\nkind = "digits"\nkeep = 4\n', "unknown key"),
        ('[maskers.m]\nkind = "round"\nto = 0\n', "greater than or equal to 1"),
        ('[maskers.m]\nkind = "truncate"\nunit = "week"\n', "'year', 'month' or 'day'"),
        ('[maskers.m]\nkind = "regex"\npattern = "("\nreplacement = ""\n', "no regular expression"),
        ('[maskers.m]\nkind = "partial"\nfill = "**"\n', "at most 1 character"),
    ],
)
def test_masking_names_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    (line,) = failure(write_bundle(tmp_path, POLICY, masking_toml=text))
    assert line.startswith("masking.toml")
    assert says in line


def test_maskers_become_the_models_own(tmp_path: Path) -> None:
    text = (
        '[maskers.h]\nkind = "hash"\nlength = 8\n[maskers.r]\nkind = "regex"\npattern = "a+"\nreplacement = "b"\n'
        '[[columns]]\npath = "*/*/*/t/a"\nmasker = "h"\n[[columns]]\npath = "*/*/*/t/b"\nmasker = "r"\n'
    )
    masking = load_bundle(write_bundle(tmp_path, POLICY, masking_toml=text)).masking
    assert [masking.masker_of(entry) for entry in masking.columns] == [HashMask(8), RegexMask("a+", "b")]


CASE = '[[cases]]\nname = "n"\nexpect = "allow"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CASE, "give either `sql`, or `action` and `object`"),
        (CASE + 'sql = "SELECT 1"\naction = "select"\nobject = "x"\n', "give either `sql`, or `action` and `object`"),
        (CASE + 'action = "select"\n', "give either `sql`, or `action` and `object`"),
        (CASE.replace("allow", "maybe") + 'sql = "x"\n', "cases[1].expect: "),
        (CASE + 'sql = "x"\nroles = ["@shop"]\n', "cases[1].roles[1]: '@shop' is no role"),
        (CASE + 'sql = "x"\nat = 2026-01-01T00:00:00\n', "`at` needs a time zone"),
        (CASE + 'sql = "x"\nwho = "me"\n', "cases/x.toml: cases[1].who: unknown key; known here: action, at"),
    ],
)
def test_cases_name_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    write_bundle(tmp_path, POLICY)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "x.toml").write_text(text)
    (line,) = failure(tmp_path)
    assert line.startswith("cases/x.toml")
    assert says in line


def test_a_copied_bundle_is_the_same(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "copy")
    assert load_bundle(tmp_path / "copy").version == load_bundle(SHIPPED).version
