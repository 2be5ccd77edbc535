"""The whole model file: its top-level words."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated

from pydantic import Field

from comaker.model.schema.base import Assumption, Sources, Table
from comaker.model.schema.parts import Amendment, Cost, Flow, Offer, Resource, Role, Staff, TechniqueUse
from comaker.model.schema.tasks import AnyTask
from comaker.model.schema.units import Currency, Day, Name, Text, minor_digits


class Document(Table):
    """A firm's customer-integrated business model, as declared in one file (F1 to F5)."""

    name: Text
    """What the firm is called."""
    slogan: Text | None = None
    """What it says of itself."""
    currency: Currency
    """Currency of all money in the file, by its ISO 4217 code."""
    launched: Day
    """The day on which the terms came into force."""
    sources: Sources

    resource: dict[Name, Resource] = {}
    """RC: resources and competences, customers among them."""
    offer: dict[Name, Offer] = {}
    """VP: what is sold."""
    role: dict[Name, Role] = {}
    """Who may do what."""
    task: dict[Name, AnyTask] = {}
    """O: the customer's job, and the firm's tasks beside it."""
    sharing: dict[Name, Flow] = {}
    """How money is divided, flow by flow."""
    technique: dict[Name, TechniqueUse] = {}
    """Organizational socialization: what the firm does about the determinants."""
    staff: dict[Name, Staff] = {}
    """The firm's people whom customers meet."""
    cost: dict[Name, Cost] = {}
    """Costs that no other table declares."""
    amendment: tuple[Amendment, ...] = ()
    """Changes of the terms, by date."""
    assumption: dict[Name, Assumption] = {}
    """What only a simulation needs, each with a range and where it comes from."""
    text: dict[Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], dict[Name, Text]] = {}
    """Wording by language, such as [text.fr]."""

    @property
    def minor_digits(self) -> int:
        """Decimals of the currency's minor unit: 0, 2 or 3."""
        return minor_digits(self.currency)

    @cached_property
    def terms_hash(self) -> str:
        """16 hexadecimal digits of what the terms mean, whatever their order, spelling and comments."""
        meaning = self.model_dump(mode="json", by_alias=True, exclude={"amendment"})
        text = json.dumps(meaning, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
