"""Whether a table can be read as an event table: every column at fault is named at once."""

from __future__ import annotations

import pyarrow as pa

from comaker import events
from comaker.events import EventsError
from comaker.model.problems import did_you_mean


def check_columns(found: pa.Schema, what: str) -> None:
    """Raises ``EventsError`` with every column at fault: missing, of another type, or nearly of a right name.

    ``what`` is the table's name in the message.
    """
    problems = []
    for column in events.COLUMNS:
        if column.name not in found.names:
            if column.name in events.REQUIRED:
                others = [name for name in found.names if name not in events.SCHEMA.names]
                problems.append(
                    f"column {column.name} is missing; the file has {', '.join(others) or 'no other'}"
                )
        elif wrong := _type_mistake(found.field(column.name).type, column.type):
            problems.append(f"column {column.name}: {wrong}")
    for name in found.names:
        if name not in events.SCHEMA.names:
            problems.append(
                f"column {name} is none of the event table: {did_you_mean(name, events.SCHEMA.names)}"
            )
    if problems:
        raise EventsError("\n".join(f"{what}: {problem}" for problem in problems))


def _type_mistake(found: pa.DataType, wanted: pa.DataType) -> str:
    """What is wrong about a column's type; "" where its values can be read as what is wanted."""
    plain = found.value_type if pa.types.is_dictionary(found) else found
    if pa.types.is_null(plain):
        return ""
    if pa.types.is_timestamp(wanted):
        if not pa.types.is_timestamp(plain):
            return f"its type is {found}; times are timestamps with a zone (comaker import makes them)"
        return (
            "" if plain.tz else "its times have no zone, so it is unknown when they were: write them in UTC"
        )
    text = pa.types.is_dictionary(wanted) or pa.types.is_string(wanted)
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    right = any(each(plain) for each in texts) if text else pa.types.is_integer(plain)
    return "" if right else f"its type is {found}; {'text is' if text else 'whole numbers are'} needed"
