"""A filter for the forms of the accounts' library."""

from __future__ import annotations

from django import forms, template

register = template.Library()


@register.filter
def plain(form: forms.BaseForm) -> forms.BaseForm:
    """A form whose fields have labels alone: what repeats the label inside the field goes as one writes."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    return form
