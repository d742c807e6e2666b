"""Kinds of fields that several requests have."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("a text holds no NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("not valid Unicode") from None
    return value


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[str, Field(min_length=1, max_length=190), AfterValidator(_storable)]
Comment = Annotated[str, Field(max_length=10_000), AfterValidator(_storable)]
Password = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_storable)]
# Unix seconds up to the year 9999.
Moment = Annotated[float, Field(ge=0, le=253_402_300_799, allow_inf_nan=False)]


class Incoming(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Named(BaseModel):
    name: str
