"""model.conf: exactly one meaning is accepted, however it is written."""

from pathlib import Path

import pytest

from gateway.policy.casbin_model import SUPPORTED_MODEL, check_model

SHIPPED = Path(__file__).parents[2] / "policies" / "model.conf"


def test_the_shipped_model_is_the_supported_one() -> None:
    assert check_model(SHIPPED.read_text()) == []


def test_spaces_comments_and_order_of_terms_are_free() -> None:
    terms = "holds(p.cond)&&action_match(r.act,p.act) && path_match(r.obj, p.obj) && domain_match(r.dom, p.dom)"
    head = SUPPORTED_MODEL.split("[matchers]")[0].replace("r = sub, dom, obj, act", "r=sub,dom,obj,act")
    assert check_model(f"# ours\n{head}[matchers]\nm = {terms} && g(r.sub,p.sub,r.dom)\n") == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("r = sub, dom, obj, act", "r = sub, obj, act"), "model.conf: r means something else"),
        (("cond, eft", "eft, cond"), "write `p = sub, dom, obj, act, cond, eft`"),
        (("g = _, _, _", "g = _, _"), "write `g = _, _, _`"),
        ((" && !some(where (p.eft == deny))", ""), "model.conf: e means something else"),
        (("e = some(where (p.eft == allow)) && !some(where (p.eft == deny))", "e = !some(where (p.eft == deny))"), ": e means"),
        ((" && holds(p.cond)", ""), "model.conf: m means something else"),
        (("&& holds", "|| holds"), "model.conf: m means something else"),
        (("path_match(r.obj, p.obj)", "keyMatch(r.obj, p.obj)"), "model.conf: m means something else"),
        (("path_match(r.obj, p.obj)", "path_match(p.obj, r.obj)"), "model.conf: m means something else"),
        (("holds(p.cond)", 'holds(p.cond) || r.sub == "root"'), "model.conf: m means something else"),
        (("g = _, _, _", "g = _, _, _\ng2 = _, _"), "model.conf: g2: the gateway's model has no such definition"),
        (("[matchers]", "[nothing]"), "model.conf:"),
        (("[request_definition]", ""), "model.conf:"),
    ],
)
def test_another_meaning_is_refused_with_the_line_to_write(change: tuple[str, str], says: str) -> None:
    text = SUPPORTED_MODEL.replace("\\\n", "").replace(*change)
    assert text != SUPPORTED_MODEL.replace("\\\n", "")
    assert any(says in problem for problem in check_model(text))


@pytest.mark.parametrize("text", ["", "r = sub", "[x]\n\0", "not a model at all"])
def test_what_is_no_model_is_said_to_be_none(text: str) -> None:
    assert check_model(text)[0].startswith("model.conf")
