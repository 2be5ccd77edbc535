"""A filter for the forms of the accounts' library."""

from __future__ import annotations

from django import forms, template
from django.utils.translation import gettext_lazy as _

register = template.Library()

LABELS = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "remember": _("Stay logged in on this device"),
    "oldpassword": _("Your password now"),
    "code": _("Code"),
}
"""How we call the library's fields."""


@register.filter
def plain(form: forms.BaseForm) -> forms.BaseForm:
    """A form in our words, without what repeats the label inside the field and goes as one writes."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        # A form that was sent has read its labels already.
        form[name].label = LABELS.get(name, str(form[name].label).capitalize())
    return form
