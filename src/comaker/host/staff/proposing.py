"""Proposing a payout, on the desk's page and by a program: nothing is paid before somebody else approves."""

from __future__ import annotations

from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from comaker.host.context import speaking
from comaker.host.models import Account, Project, Settlement
from comaker.host.payout import basis_of, payout_of
from comaker.host.staff.log import Did, note
from comaker.host.wording import money_text
from comaker.refusals import Refusal
from comaker.rules.approval import decide_approval

NOBODY_YET = 0
"""Stands for the second person, while a payout is only proposed."""


class Proposed(NamedTuple):
    """What became of it: the payout that waits now, or in a sentence why there is none."""

    settlement: Settlement | None
    sentence: str = ""


def propose(project: Project, by: Account, seen_minor: int | None = None) -> Proposed:
    """Propose the payout that is due now; asked again, it gives the proposal that waits.

    ``seen_minor``: the amount that whoever proposes was shown, if any; where another is due by now, nothing
    is proposed. Raises ``LedgerError`` where nothing can be computed.
    """
    basis = basis_of(project.pk)
    total_minor = payout_of(project.pk, basis).total_minor
    shown_minor = total_minor if seen_minor is None else seen_minor
    refusal = decide_approval(by.pk, NOBODY_YET, shown_minor, total_minor)
    if refusal is not Refusal.NONE:
        return Proposed(None, refusal.sentence)
    asked = {
        "project": project.pk,
        "earned_minor": basis.earned_minor,
        "total_minor": total_minor,
        "proposed_by": by,
    }
    try:
        with transaction.atomic():
            made = Settlement.objects.create(**asked)
    except IntegrityError:
        mine = Settlement.objects.filter(**asked, state=Settlement.State.PROPOSED).first()
        return Proposed(
            mine, "" if mine else _("A payout is proposed already. Approve or drop that one first.")
        )
    note(by.pk, Did.PROPOSED, project.slug, money_text(total_minor, speaking()))
    return Proposed(made)
