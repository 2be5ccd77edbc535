"""How customers say how many: whole numbers in the digits 0 to 9, and nothing else."""

from __future__ import annotations

import re
import uuid
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from comaker.refusals import Refusal

_WHOLE = re.compile(r"[0-9]{1,9}")


class WholeNumberField(forms.CharField):
    """A whole number, one or more; whatever else is written gets the one sentence of the rules."""

    def __init__(self, **options: Any) -> None:
        attributes = {"inputmode": "numeric", "autocomplete": "off", "maxlength": "9"}
        super().__init__(**{"widget": forms.TextInput(attrs=attributes), **options})

    def clean(self, value: Any) -> int:
        """The number; raises ``ValidationError``."""
        written = value.strip() if isinstance(value, str) else ""
        number = int(written) if _WHOLE.fullmatch(written) else 0
        if number < 1:
            raise ValidationError(Refusal.NOT_WHOLE.sentence)
        return number


class QuantityForm(forms.Form):
    """How many, with the key by which the same request, sent twice, is done once."""

    quantity = WholeNumberField(label=_("How many?"))
    key = forms.UUIDField(widget=forms.HiddenInput)

    @classmethod
    def fresh(cls, quantity: object = None) -> Self:
        """A form to be filled in, with a key of its own."""
        return cls(initial={"quantity": quantity, "key": uuid.uuid4()})

    def renewed(self) -> Self:
        """What was filled in, with a new key: asked once more, it is another request."""
        data = {"quantity": self.data.get("quantity", ""), "key": str(uuid.uuid4())}
        return type(self)(data)

    def confirmed_key(self) -> uuid.UUID:
        """The key of what is confirmed on the next page: the same for the same number from the same page,
        so that going back and doing it again does it once."""
        return uuid.uuid5(self.cleaned_data["key"], str(self.cleaned_data["quantity"]))
