"""What others see of somebody, and the way to all that belongs to an account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from comaker.host.access import Access, has_second_factor
from comaker.host.accounts import NameField
from comaker.host.pages.answers import SeeOther, own_page


class ProfileForm(forms.Form):
    """The public name."""

    name = NameField()


@own_page(Access.ACCOUNT)
def profile(request: HttpRequest) -> HttpResponse:
    """The public name, and links to address, password, second factor and log-ins for programs."""
    account: Any = request.user
    if request.method == "POST":
        form = ProfileForm(request.POST)
        if form.is_valid():
            account.name = form.cleaned_data["name"]
            account.save(update_fields=["name"])
            messages.success(request, _("Saved: others see “%(name)s”.") % {"name": account.shown_name})
            return SeeOther("profile")
    else:
        form = ProfileForm(initial={"name": account.name})
    context = {"form": form, "has_second_factor": has_second_factor(account)}
    return render(request, "comaker/customer/profile.html", context)
