"""What customers do: take shares, take them back, buy what was made."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from comaker.host.context import speaking
from comaker.host.firm import sale_of
from comaker.host.pages.answers import SeeOther, own_page, refused
from comaker.host.pages.place import Place, place_of
from comaker.host.pages.quantities import QuantityForm
from comaker.host.pages.shown import canonical, sign, unsign
from comaker.host.pages.words import copies_text, day_text, reference_of, shares_text
from comaker.host.wording import money_text
from comaker.host.writer import Act, Answer, Request, write

STAKE = "comaker/customer/stake.html"
PREVIEW = "comaker/customer/preview.html"
WITHDRAW = "comaker/customer/withdraw.html"
BUY = "comaker/customer/buy.html"


@own_page()
def stake(request: HttpRequest, slug: str) -> HttpResponse:
    """Take shares: how many, then what that comes to, then it is done."""
    place = place_of(request.user.pk, slug)
    if request.method != "POST":
        chosen = QuantityForm(request.GET)
        if "key" in request.GET and chosen.is_valid():
            return _preview(request, place, chosen)
        form = QuantityForm.fresh(request.GET.get("quantity"))
        return render(request, STAKE, {"place": place, "form": form})
    form = QuantityForm(request.POST)
    if not form.is_valid():
        return render(request, STAKE, {"place": place, "form": form.renewed()})
    return _confirmed(request, place, form) if "confirm" in request.POST else _started(place, form)


def _started(place: Place, form: QuantityForm) -> HttpResponse:
    """On to what so many shares come to; that it was shown is an event too.

    The page has an address of its own: a browser that goes back to it need not send a form again.
    """
    quantity, key = form.cleaned_data["quantity"], form.cleaned_data["key"]
    _ask(place, Act.START, quantity, f"{key} {quantity}", canonical(place.facts()))
    chosen = urlencode({"quantity": quantity, "key": key})
    return SeeOther(f"{reverse('stake', args=[place.project.slug])}?{chosen}")


def _preview(
    request: HttpRequest, place: Place, form: QuantityForm, answer: Answer | None = None
) -> HttpResponse:
    """What so many shares come to."""
    quantity = form.cleaned_data["quantity"]
    facts = place.facts()
    accepted, refusal = place.foreseen(quantity)
    shares = accepted or quantity
    context = {
        "place": place,
        "quantity": quantity,
        "shares": shares,
        "cost_minor": place.cost_minor(shares),
        "held_after": place.holding.shares + shares,
        "room_after": max(place.room_shares - shares, 0),
        "refusal": refusal.sentence if refusal else "",
        "numbers": place.explain(refusal),
        "key": form.cleaned_data["key"] if answer else form.confirmed_key(),
        "shown": sign(facts),
        "sentence": answer.sentence if answer else "",
    }
    return render(request, PREVIEW, context, status=answer.status if answer else 200)


def _confirmed(request: HttpRequest, place: Place, form: QuantityForm) -> HttpResponse:
    quantity, key = form.cleaned_data["quantity"], str(form.cleaned_data["key"])
    answer = _ask(place, Act.STAKE, quantity, key, unsign(request.POST.get("shown")))
    if answer.is_done:
        messages.success(request, _taken_text(place, answer, quantity))
        return SeeOther("holdings")
    place = place_of(request.user.pk, place.project.slug)
    if answer.status in (409, 503):
        return _preview(request, place, form, answer)
    return refused(request, STAKE, place, form, answer)


@own_page()
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Take shares back, as long as the goal is not reached."""
    place = place_of(request.user.pk, slug)
    if request.method != "POST":
        form = QuantityForm.fresh(place.holding.shares or None)
        return render(request, WITHDRAW, {"place": place, "form": form})
    form = QuantityForm(request.POST)
    if not form.is_valid():
        return render(request, WITHDRAW, {"place": place, "form": form.renewed()})
    answer = _ask(place, Act.WITHDRAW, form.cleaned_data["quantity"], str(form.cleaned_data["key"]))
    if not answer.is_done:
        return refused(request, WITHDRAW, place_of(request.user.pk, slug), form, answer)
    words = {
        "shares": shares_text(answer.accepted),
        "project": place.project.name,
        "money": money_text(answer.money_minor, speaking()),
    }
    messages.success(request, _("You took back %(shares)s of %(project)s: %(money)s.") % words)
    return SeeOther("holdings")


@own_page()
def buy(request: HttpRequest, slug: str) -> HttpResponse:
    """Buy what was made, once it is released."""
    place = place_of(request.user.pk, slug)
    buying, sale = place.terms.buying, sale_of(place.terms.model)
    if buying is None or sale is None:
        raise Http404
    context = {"buying": buying, "offer": sale.offer}
    if request.method != "POST":
        return render(request, BUY, {"place": place, "form": QuantityForm.fresh("1"), **context})
    form = QuantityForm(request.POST)
    if not form.is_valid():
        return render(request, BUY, {"place": place, "form": form.renewed(), **context})
    facts = {"price": buying.price_minor, "limit": buying.limit}
    answer = _ask(
        place, Act.BUY, form.cleaned_data["quantity"], str(form.cleaned_data["key"]), canonical(facts)
    )
    if not answer.is_done:
        return refused(request, BUY, place_of(request.user.pk, slug), form, answer, **context)
    messages.success(request, _bought_text(place, answer))
    return SeeOther("holdings")


def _ask(place: Place, act: Act, quantity: int, key: str, shown: str | None = None) -> Answer:
    project, customer = place.project.pk, place.holding.customer
    return write([Request(act, project=project, customer=customer, quantity=quantity, key=key, shown=shown)])[
        0
    ]


def _taken_text(place: Place, answer: Answer, asked: int) -> str:
    words = {
        "shares": shares_text(answer.accepted),
        "project": place.project.name,
        "money": money_text(answer.money_minor, speaking()),
    }
    text = _("You took %(shares)s of %(project)s for %(money)s.") % words
    if answer.accepted < asked:
        text += " " + _("There was no room for more.")
    return f"{text} {_due_text(answer)}".strip()


def _bought_text(place: Place, answer: Answer) -> str:
    words = {
        "copies": copies_text(answer.accepted),
        "project": place.project.name,
        "money": money_text(answer.money_minor, speaking()),
    }
    text = _("You ordered %(copies)s of %(project)s for %(money)s.") % words
    return f"{text} {_due_text(answer)}".strip()


def _due_text(answer: Answer) -> str:
    if answer.lapses_us is None:
        return ""
    words = {"day": day_text(answer.lapses_us), "reference": reference_of(answer.event_id)}
    return _("Please transfer the money by %(day)s with the reference %(reference)s.") % words
