"""What a simulation assumes about people and markets, taken from the model file's assumptions and techniques.

What a simulation assumes stands in the model file: each field of ``Behaviour`` is an ``[assumption.*]`` with
its range and its source, or fitted to one; each field of ``Effects`` sums what the techniques in use declare.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from comaker.model import Model, ModelError, Problem
from comaker.model.schema.parts import DeterminantKey, TechniqueUse
from comaker.simulate.calibrate import fit_activity_sigma, fit_wish_exponent
from comaker.words import Technique


class Behaviour(NamedTuple):
    """The assumptions that a simulation reads, by the name they have in the model file.

    Reach (F4.2, E5): ``advertising_reach`` chance a week that the firm's advertising reaches a customer;
    ``word_of_mouth`` chance a week that one promoting acquaintance tells her; ``network_links``
    acquaintances each newcomer to the network makes (0: everybody meets everybody, ``acquaintances`` each);
    ``widget_share`` promoters who embed a player; ``widget_reach`` customers whom one embedded player
    reaches a week. Display (E4, E7): ``social_proof`` and ``goal_gradient``, how far a full base and a near
    goal raise participation (1: double it); ``full_base`` producers at which a base looks full.

    Activity: ``active_share`` customers who would ever take part; ``activity_sigma`` spread of their log
    activity, fitted to the assumption ``top_share``, the most active per cent's part of all activity;
    ``visits_weekly`` mean rate of activity of an active customer, who visits at most once a week, with
    chance 1 - exp(-rate).

    Determinants at the start (F15): ``similar_experience`` and ``analogy`` highest clarity these two sources
    give; ``skill_start``, ``willingness_start`` means, ``trait_spread`` their standard deviation,
    ``confidence_bias`` perceived less actual ability. Moved by experience: ``learning_shape`` and
    ``learning_rate`` of the gamma law of individual learning rates (F4.4); ``watching_others`` gap of clarity
    closed a visit by a full base; ``confidence_learning`` gap between perceived and actual closed by an
    attempt. Willingness (its raisers and lowerers): ``gain_appeal`` for a known gain, ``novelty_appeal``
    fading with encounters, ``satisfaction_appeal``, ``fairness_appeal``, ``role_burden`` for doubted skill.

    Choice (E6): ``speculators`` share of customers who guess what others like; ``hype_weight`` how
    far they go by a belief that they share rather than by the page; ``taste_weight`` weight of
    own taste against common appeal in liking; ``choice_sharpness`` how much a better liked project is
    preferred; ``wish_exponent`` of the zeta law of wishes up to
    ``wish_largest_shares``, fitted to the assumption ``wish_mean_shares``; ``reads_limits``
    chance that a customer who knows the practice asks within the limits shown.

    Experience: ``satisfaction_step`` and ``fairness_step`` how fast they move; ``delight`` satisfaction of an
    accepted stake, ``annoyance`` of a refused or failed one; ``expected_return`` payout over stake that
    satisfies; ``leaving_weekly`` chance a week to leave, ``loyalty`` part of it that satisfaction takes away.

    Projects (E2, E6, E8): ``projects_open`` short list; ``production_weeks`` from goal to release;
    ``promotion_weeks`` producers promote after release; ``promoters_needed`` promoters a release needs;
    ``promotion_elasticity`` of sales to promoters beyond; ``copies_median``, ``appeal_sigma`` of the market
    of non-producers; ``sales_decay_weekly``; ``settle_weeks`` between settlements; ``subsidy_share`` of the
    production cost.
    """

    advertising_reach: float
    word_of_mouth: float
    network_links: float
    acquaintances: float
    widget_share: float
    widget_reach: float
    social_proof: float
    goal_gradient: float
    full_base: float
    active_share: float
    activity_sigma: float
    visits_weekly: float
    similar_experience: float
    analogy: float
    skill_start: float
    willingness_start: float
    trait_spread: float
    confidence_bias: float
    learning_shape: float
    learning_rate: float
    watching_others: float
    confidence_learning: float
    gain_appeal: float
    novelty_appeal: float
    satisfaction_appeal: float
    fairness_appeal: float
    role_burden: float
    speculators: float
    hype_weight: float
    taste_weight: float
    choice_sharpness: float
    wish_exponent: float
    wish_largest_shares: float
    reads_limits: float
    satisfaction_step: float
    fairness_step: float
    delight: float
    annoyance: float
    expected_return: float
    leaving_weekly: float
    loyalty: float
    projects_open: float
    production_weeks: float
    promotion_weeks: float
    promoters_needed: float
    promotion_elasticity: float
    copies_median: float
    appeal_sigma: float
    sales_decay_weekly: float
    settle_weeks: float
    subsidy_share: float


class Effects(NamedTuple):
    """What one visit does to a customer through the techniques in use (F16), each the part of the gap to 1
    that it closes. ``softening``: part of the annoyance of a refused or failed attempt that complaint
    handling takes away; ``transparency``: 1 where customers see what is done with their money (F21.5);
    ``cost_minor``: what the techniques cost a visit."""

    practice: float
    gain: float
    clarity: float
    skill: float
    confidence: float
    willingness: float
    softening: float
    transparency: float
    cost_minor: int


_RAISES: dict[str, DeterminantKey] = {
    "practice": "awareness.practice",
    "gain": "awareness.gain",
    "clarity": "clarity",
    "skill": "ability.actual",
    "confidence": "ability.perceived",
    "willingness": "willingness",
}


_FITTED = {"wish_exponent": "wish_mean_shares", "activity_sigma": "top_share"}
"""Fields that are fitted to a stated figure, by the assumption that states it."""


def behaviour_of(model: Model) -> Behaviour:
    """The assumptions of a model.

    An assumption that a technique ``enables`` counts as 0 while that technique is off. Raises ``ModelError``
    naming every missing assumption, or those that no law fits.
    """
    names = [name for name in Behaviour._fields if name not in _FITTED] + list(_FITTED.values())
    missing = [name for name in names if name not in model.assumption]
    if missing:
        message = "a simulation needs this assumption: value, low, high, source"
        raise ModelError(Problem(model.name, 0, f"assumption.{name}", "", message) for name in missing)
    off = {name for technique in model.technique.values() if not technique.on for name in technique.enables}
    values = {name: 0.0 if name in off else model.value(name) for name in names}
    try:
        exponent = fit_wish_exponent(values.pop("wish_mean_shares"), int(values["wish_largest_shares"]))
        sigma = fit_activity_sigma(values["active_share"], values.pop("top_share"))
    except ValueError as error:
        raise ModelError([Problem(model.name, 0, "assumption", "", str(error))]) from error
    return Behaviour(**values, wish_exponent=exponent, activity_sigma=sigma)


def effects_of(model: Model, *, task: str, participants: bool) -> Effects:
    """The techniques in use, taken together as independent influences.

    Techniques for certain roles reach ``participants`` only, where one gets into the role by the ``task``.
    Complaint handling acts when something went wrong, not on a visit; withdrawing is the rules' matter.
    Awareness of the need is what reach brings about, so techniques raise the other two levels here.
    """
    in_use = [technique for technique in model.technique.values() if technique.on]
    reached = [
        technique
        for technique in in_use
        if technique.kind not in (Technique.COMPLAINTS, Technique.WITHDRAWAL)
        and (
            not technique.roles
            or participants
            or any(task not in model.role[name].after for name in technique.roles)
        )
    ]
    complaints = [technique for technique in in_use if technique.kind == Technique.COMPLAINTS]
    return Effects(
        **{field: _together(reached, key) for field, key in _RAISES.items()},
        softening=_together(complaints, "willingness"),
        transparency=float(any(technique.kind == Technique.TRANSPARENCY for technique in in_use)),
        cost_minor=sum(technique.cost_per_encounter_minor for technique in reached),
    )


def _together(techniques: list[TechniqueUse], key: DeterminantKey) -> float:
    raised = [technique.raises[key].value for technique in techniques if key in technique.raises]
    return 1.0 - math.prod(1.0 - value for value in raised)
