"""The forms of the desk. They check how something is written; whether it may be done is asked elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from comaker.host.models import Media, News, Project
from comaker.host.wording import clean_name, when_text
from comaker.host.writer.requests import PRODUCTION
from comaker.model.schema.units import read_money
from comaker.words import Stage

MOST_LETTERS = 20_000


class KeyForm(forms.Form):
    """A form whose request reaches the writer: its key is made with the page, so that sending it twice does
    it once."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = str(uuid4())


class MoneyField(forms.CharField):
    """An amount in the firm's currency, as minor units: ASCII digits, a point, the currency's decimals."""

    def __init__(self, *, digits: int, **kwargs: Any) -> None:
        self.digits = digits
        super().__init__(max_length=40, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: Any) -> int:
        """Minor units, more than none; ``ValidationError`` with what would be right, and never a guess."""
        text = super().clean(value)
        try:
            amount_minor = read_money(text, self.digits)
        except ValueError as error:
            raise ValidationError(str(error)[:1].upper() + str(error)[1:] + ".") from error
        if amount_minor == 0:
            raise ValidationError(_("An amount must be more than zero."))
        return amount_minor


class ProjectForm(forms.ModelForm):
    """What people read about a project."""

    class Meta:
        model = Project
        fields = ("name", "line", "story", "opinion")
        labels = {
            "name": _("Name"),
            "line": _("One line"),
            "story": _("Story"),
            "opinion": _("Our opinion"),
        }
        help_texts = {
            "line": _("Stands under the name in every list."),
            "story": _("In the artist's own words. An empty line begins a new paragraph."),
            "opinion": _("Why the firm believes in this."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["story"].max_length = self.fields["opinion"].max_length = MOST_LETTERS
        for name in ("story", "opinion"):
            self.fields[name].validators.append(forms.CharField(max_length=MOST_LETTERS).validators[0])

    def clean_name(self) -> str:
        """A name that can be seen."""
        return _seen(self.cleaned_data["name"])

    def clean_line(self) -> str:
        """A line that can be seen."""
        return _seen(self.cleaned_data["line"])


def _seen(text: str) -> str:
    seen = clean_name(text)
    if not seen:
        raise ValidationError(_("Please write letters that can be seen."))
    return seen


_PAGE = "new"
"""The page where drafts are written has the address that a project of this name would have."""


def free_slug(name: str) -> str:
    """An address for a project of that name that no other has."""
    base = slugify(name)[:50].strip("-") or "project"
    taken = {_PAGE, *Project.objects.filter(slug__startswith=base).values_list("slug", flat=True)}
    return next(
        slug for slug in (base, *(f"{base}-{number}" for number in range(2, 10_000))) if slug not in taken
    )


class MediaForm(forms.ModelForm):
    """A file with words for those who cannot see or hear it."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "A picture (JPEG, PNG, WebP, up to 10 MB), music (MP3, Ogg, FLAC, WAV, M4A, up to 30 MB) "
            "or a film (MP4, WebM, up to 200 MB)."
        ),
        widget=forms.FileInput(
            attrs={"accept": ".jpg,.jpeg,.png,.webp,.mp3,.ogg,.oga,.opus,.flac,.wav,.m4a,.mp4,.webm"}
        ),
    )

    class Meta:
        model = Media
        fields = ("text",)
        labels = {"text": _("Description")}
        help_texts = {"text": _("For those who cannot see or hear it: what is on it, in one sentence.")}

    field_order = ("file", "text")

    def clean_text(self) -> str:
        """A description that can be seen."""
        return _seen(self.cleaned_data["text"])


class NewsForm(forms.ModelForm):
    """A piece of news."""

    class Meta:
        model = News
        fields = ("title", "text")
        labels = {"title": _("Title"), "text": _("Text")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].validators.append(forms.CharField(max_length=MOST_LETTERS).validators[0])

    def clean_title(self) -> str:
        """A title that can be seen."""
        return _seen(self.cleaned_data["title"])


class RecordForm(KeyForm):
    """Money that came in or was paid out."""

    INCOME = "income"
    PRODUCTION = PRODUCTION
    OTHER = Stage.DELIVERY.value
    what = forms.ChoiceField(
        label=_("What it is"),
        choices=[
            (INCOME, _("Income: money that it earned")),
            (PRODUCTION, _("Cost of production: paid out of the stakes")),
            (OTHER, _("Other cost: counts against the income")),
        ],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("What it was for"),
        max_length=200,
        help_text=_("For colleagues and auditors, such as the number of the invoice."),
    )

    def __init__(self, *args: Any, digits: int, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        example = "1234.50" if digits == 2 else f"1234.{'5'.ljust(digits, '0')}" if digits else "1234"
        self.fields["money_minor"] = MoneyField(
            digits=digits,
            label=_("Amount in %(currency)s") % {"currency": currency},
            help_text=_("Digits and a point before the decimals, no commas: %(example)s")
            % {"example": example},
        )
        self.order_fields(["key", "what", "money_minor", "note"])


class AmendForm(forms.Form):
    """A change of the terms: the common ones by name, any other by its key path in the model file."""

    COMMON = ("cap", "goal", "reserved_for", "open_for")
    cap = forms.CharField(label=_("The most one person may hold"), required=False, max_length=1_000)
    goal = forms.CharField(label=_("The goal of what is published later"), required=False, max_length=40)
    reserved_for = forms.CharField(
        label=_("How long a place is kept until its money is there"), required=False, max_length=40
    )
    open_for = forms.CharField(label=_("How long staking stays open"), required=False, max_length=40)
    path = forms.CharField(
        label=_("Another term: its key path"),
        required=False,
        max_length=200,
        help_text=_("As in the file of the rules, such as task.buy.terms.limit"),
    )
    value = forms.CharField(label=_("Its new value"), required=False, max_length=1_000)
    why = forms.CharField(
        label=_("Why"),
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Everybody reads this on the page of the rules."),
    )
    in_force = forms.DateField(
        label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, task: str, now: dict[str, str], earliest: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.task = task
        for name in self.COMMON:
            self.fields[name].help_text = _("Now: %(value)s. Leave it empty to keep it.") % {
                "value": now[name]
            }
        days = settings.NOTICE_SECONDS // 86_400
        self.fields["in_force"].initial = earliest
        self.fields["in_force"].help_text = _(
            "From midnight UTC. People are told %(days)s days before: the first day possible is %(day)s."
        ) % {"days": days, "day": when_text(earliest)}

    def path_of(self, name: str) -> str:
        """The key path of a common term."""
        return f"task.{self.task}.terms.{name}"

    def clean(self) -> dict[str, Any]:
        """At least one change, and a key path with its value."""
        given = super().clean() or {}
        if bool(given.get("path")) != bool(given.get("value")):
            self.add_error("path", _("A key path and its new value belong together."))
        elif not any(given.get(name) for name in (*self.COMMON, "path")):
            raise ValidationError(_("Please say what is to change."))
        return given

    @property
    def changes(self) -> dict[str, str]:
        """The new values by key path."""
        given = self.cleaned_data
        changes = {self.path_of(name): given[name] for name in self.COMMON if given[name]}
        return changes | ({given["path"]: given["value"]} if given["path"] else {})
