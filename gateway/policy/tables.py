"""What the bundle's TOML files share: strict sections, checked fields, and mistakes named by file and key."""

import re
import tomllib
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from gateway.policy.conditions import parse_condition
from gateway.policy.patterns import parse_pattern

Table = TypeVar("Table", bound=BaseModel)
_SIZES = {"": 1, "B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_TIMES = {"ms": 1, "s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000}


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _pattern(value: str) -> str:
    return parse_pattern(value).text


def _condition(value: str) -> str:
    return parse_condition(value).text


def _size(value: object) -> object:
    if isinstance(value, str):
        found = re.fullmatch(r"(\d{1,15})\s*([A-Za-z]*)", value)
        if not found or found[2] not in _SIZES:
            raise ValueError('expected bytes as a number or as "10MB", "512KiB"')
        return int(found[1]) * _SIZES[found[2]]
    return value


def _milliseconds(value: object) -> object:
    if isinstance(value, str):
        found = re.fullmatch(r"(\d{1,12})\s*([a-z]+)", value)
        if not found or found[2] not in _TIMES:
            raise ValueError('expected milliseconds as a number or as "30s", "5min"')
        return int(found[1]) * _TIMES[found[2]]
    return value


PatternText = Annotated[str, AfterValidator(_pattern)]
ConditionText = Annotated[str, AfterValidator(_condition)]
Bytes = Annotated[int, BeforeValidator(_size)]
Milliseconds = Annotated[int, BeforeValidator(_milliseconds)]


def parse_table(model: type[Table], text: str, name: str) -> tuple[Table | None, list[str]]:
    """The file's content, or every mistake as `file: key: what is wrong and what would be right`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [f"{name}: not valid TOML: {error}"]
    try:
        return model.model_validate(document), []
    except ValidationError as error:
        return None, [_mistake(model, name, item) for item in error.errors(include_url=False, include_input=False)]


def _mistake(model: type[BaseModel], name: str, item: Any) -> str:
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        known = _known_keys(model, item["loc"][:-1])
        message = "unknown key" + (f"; known here: {', '.join(known)}" if known else "")
    return f"{name}: {key}: {message}" if key else f"{name}: {message}"


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    current = model
    for part in location:
        field = current.model_fields.get(str(part))
        if field is not None:
            inner = _inner_model(field.annotation)
            if inner is None:
                return []
            current = inner
    return sorted(current.model_fields)


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for item in getattr(annotation, "__args__", ()) if (found := _inner_model(item))), None)
