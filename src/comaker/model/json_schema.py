"""The JSON Schema of model files, for editors that complete and check while one types."""

from __future__ import annotations

from typing import Any

from comaker.model.schema.document import Document


def json_schema() -> dict[str, Any]:
    """The schema of a model file (JSON Schema draft 2020-12), with a description at every key.

    It checks the form of each value; names that lead nowhere and keys that disagree only ``load`` finds.
    """
    schema = Document.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Comaker model"}
