"""Turns values into a document, and everything that is wrong with them into findings in plain words."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from comaker.model.checks import Finding, amendment_mistakes, reference_mistakes
from comaker.model.limits import limit_mistakes
from comaker.model.paths import locate, value_at
from comaker.model.places import Path
from comaker.model.problems import did_you_mean
from comaker.model.schema.document import Document
from comaker.model.schema.units import minor_digits, read_currency

_NAME = "names begin with a small letter and hold small letters, digits, - and _"
_SHAPES = {
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list, in square brackets",
    "string_type": "text is written in quotes",
    "string_pattern_mismatch": _NAME,
}


def validate[D: Document](kind: type[D], raw: dict[str, Any]) -> tuple[D | None, list[Finding]]:
    """The document the values mean, or None; and every mistake in them, each with its key path."""
    findings: list[Finding] = []
    document: D | None = None
    try:
        document = kind.model_validate(raw, context={"digits": _digits(raw)})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            findings += _explained(detail, raw)
    else:
        findings += limit_mistakes(document)
    findings += reference_mistakes(raw)
    findings += amendment_mistakes(raw)
    return document, [(locate(raw, path), message) for path, message in findings]


def _digits(raw: dict[str, Any]) -> int | None:
    try:
        return minor_digits(read_currency(raw.get("currency")))
    except ValueError:
        return None


def _explained(detail: ErrorDetails, raw: dict[str, Any]) -> Iterator[Finding]:
    loc = detail["loc"]
    path = _without_tag(loc)
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind == "mistakes":
        for below, message in context["found"]:
            yield (*path, *below), message
    elif kind == "extra_forbidden":
        yield path, f"unknown key {str(loc[-1])!r}: {did_you_mean(str(loc[-1]), _keys_at(loc[:-1]))}"
    elif kind == "missing":
        yield path, f"is missing{_described(loc)}"
    elif kind in ("enum", "literal_error"):
        known = re.findall(r"'([^']*)'", context["expected"])
        word = loc[-2] if loc[-1] == "[key]" else value_at(raw, locate(raw, path))
        yield path, f"not a word of the schema: {did_you_mean(str(word), known)}"
    elif kind == "union_tag_not_found":
        yield (*path, "kind"), "is missing: what kind of task it is"
    elif kind == "union_tag_invalid":
        known = re.findall(r"'([^']*)'", context["expected_tags"])
        yield (*path, "kind"), f"not a kind of task: {did_you_mean(str(context['tag']), known)}"
    elif kind == "too_short":
        yield path, "must hold at least one entry"
    elif kind == "too_long":
        yield path, f"at most {context['max_length']} entries"
    else:
        yield path, _SHAPES.get(kind) or detail["msg"].removeprefix("Value error, ")


def _without_tag(loc: tuple[str | int, ...]) -> Path:
    """Where the mistake stands in the file: without the kind of task and the mark for keys."""
    if loc[0] == "task" and len(loc) > 2:
        loc = (*loc[:2], *loc[3:])
    return tuple(part for part in loc if part != "[key]")


def _described(loc: tuple[str | int, ...]) -> str:
    table = _table_at(loc[:-1])
    if not table:
        return ""
    for name, field in table.model_fields.items():
        if (field.alias or name) == loc[-1] and field.description:
            said = field.description.rstrip(".")
            return f": {said[:1].lower()}{said[1:]}"
    return ""


def _keys_at(loc: tuple[str | int, ...]) -> list[str]:
    table = _table_at(loc)
    return [field.alias or name for name, field in table.model_fields.items()] if table else []


def _table_at(loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The class that describes the table at a place, following the schema's annotations."""
    here: Any = Document
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias or name: field for name, field in here.model_fields.items()}
            here = _inner(fields[str(part)].annotation) if part in fields else None
        elif get_origin(here) in (dict, tuple):
            here = _inner(get_args(here)[0 if get_origin(here) is tuple else 1])
        elif get_origin(here) in (Union, types.UnionType):
            here = next((each for each in get_args(here) if _has_kind(each, part)), None)
        else:
            return None
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _inner(annotation: Any) -> Any:
    """The annotation without what is wrapped around it: metadata, and "or nothing"."""
    while hasattr(annotation, "__metadata__"):
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        some = [each for each in get_args(annotation) if each is not type(None)]
        return some[0] if len(some) == 1 else annotation
    return annotation


def _has_kind(table: Any, kind: str | int) -> bool:
    field = table.model_fields.get("kind") if hasattr(table, "model_fields") else None
    return field is not None and kind in get_args(field.annotation)
