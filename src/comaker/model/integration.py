"""How far a declared model integrates its customers, and what it uses them as (F3, F7)."""

from __future__ import annotations

from comaker.model.loading import Model
from comaker.words import Completeness, Performer, Use


def completeness(model: Model) -> Completeness:
    """Full, partial or no customer-integrated business model, as declared (F3).

    Full: customers are the basis of an offer, and take part in making or delivering one. Partial: one of the
    two. A customer takes part by a task that an offer names and that she performs, alone or jointly.
    """
    sold = any(model.resource[name].customers for offer in model.offer.values() for name in offer.based_on)
    works = bool(participation_tasks(model))
    return {2: Completeness.FULL, 1: Completeness.PARTIAL, 0: Completeness.NONE}[sold + works]


def participation_tasks(model: Model) -> tuple[str, ...]:
    """Tasks by which customers specify, make or deliver an offer (link 5), in the order of the model."""
    named = {task for offer in model.offer.values() for task in offer.tasks}
    return tuple(
        name
        for name, task in model.task.items()
        if name in named and task.performer in (Performer.CUSTOMER, Performer.JOINT)
    )


def uses(model: Model) -> tuple[Use, ...]:
    """What the firm uses its customers as, as its resources and roles declare (F7)."""
    declared = [
        *(use for resource in model.resource.values() if resource.customers for use in resource.uses),
        *(use for role in model.role.values() if role.customer for use in role.uses),
    ]
    return tuple(dict.fromkeys(declared))
