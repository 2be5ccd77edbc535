"""``comaker schema``: the JSON Schema of model files."""

from __future__ import annotations

from comaker.cli.output import print_json, refusals


def schema() -> None:
    """Print the JSON Schema of model files, for editors that complete and check while you type.

    \b
    Example:
      comaker schema > comaker.schema.json
    """
    with refusals():
        from comaker.model import json_schema

        print_json(json_schema())
