"""The closed vocabularies of a customer-integrated business model.

Every member is one of the field's standard terms and carries the framework id that it comes from, so a
reader can check that nothing of the framework was left out: ``Input.MENTAL.source == "F13"``.
"""

from __future__ import annotations

from enum import StrEnum


class Word(StrEnum):
    """A term of the framework: its value is how it is written in model files and event tables."""

    source: str
    meaning: str

    def __new__(cls, value: str, source: str, meaning: str) -> Word:
        word = str.__new__(cls, value)
        word._value_ = value
        word.source = source
        word.meaning = meaning
        return word


class Component(Word):
    """The three components of a business model in the RCOV representation (F1)."""

    RESOURCES = "RC", "F1", "resources and competences, customers among them"
    ORGANIZATION = "O", "F1", "internal value chain and external value network; drives costs"
    VALUE_PROPOSITION = "VP", "F1", "what is offered to whom; drives revenues"


class Completeness(Word):
    """How far a business model integrates its customers (F3)."""

    FULL = "full", "F3", "customers are the basis of an offer and take part in making or delivering it"
    PARTIAL = (
        "partial",
        "F3",
        "customers are the basis of an offer or take part in making or delivering it, not both",
    )
    NONE = "none", "F3", "customers only buy"


class Link(Word):
    """The six links between the components (F4); working models close loops through them (F5)."""

    CUSTOMERS_AS_OFFER = "customers as offer", "F4.1", "RC to VP: the customer base itself is sold"
    ACQUISITION = "acquisition", "F4.2", "VP to RC: participation and network effects bring customers"
    SOCIALIZATION = "socialization", "F4.3", "O to RC: the firm turns a buyer into an expert customer"
    CUSTOMER_LEARNING = "customer learning", "F4.4", "RC to O: customers fit in better each time"
    COPRODUCTION = "coproduction", "F4.5", "O to VP: customers' inputs specify, make and deliver the offer"
    ORGANIZATIONAL_LEARNING = (
        "organizational learning",
        "F4.6",
        "VP to O: the firm changes its rules from what participation teaches",
    )


class Representation(Word):
    """Other representations of a business model, for exchange (F6)."""

    OSTERWALDER = "osterwalder 2004", "F6", "four blocks: infrastructure, offer, customer, finance"
    YIP = "yip 2004", "F6", "inputs, transformation, outputs, customers"


class Use(Word):
    """What the firm uses the customer as (F7)."""

    CO_DESIGNER = "co-designer", "F7", "conceives what is offered"
    CO_PRODUCER = "co-producer", "F7", "makes part of it"
    TESTER = "tester", "F7", "tries it before it is released"
    DISTRIBUTOR = "distributor", "F7", "brings it to others"
    PROMOTER = "promoter", "F7", "makes it known"
    INVESTOR = "investor", "F7", "stakes money on it"
    RATER = "rater", "F7", "judges offers or people"
    EXTERNALITY = "generator of network externalities", "F7", "makes it worth more by being there"
    AUDIENCE = "audience", "F7", "is what advertisers pay for"


class Product(Word):
    """What is produced (F10)."""

    GOOD = "good", "F10", "a tangible product"
    SERVICE = "service", "F10", "a service"


class Stage(Word):
    """When in the making of the offer the customer takes part (F11)."""

    DESIGN = "design", "F11", "ideas, concepts, prototypes"
    TESTING = "testing", "F11", "trying before release"
    PRODUCTION = "production", "F11", "making or financing it"
    DELIVERY = "delivery", "F11", "bringing it to its user"
    AFTER_DELIVERY = "after delivery", "F11", "recovery of failures, word of mouth"


class Performer(Word):
    """Who does the work of a task (F14; Meuter & Bitner 1998)."""

    FIRM = "firm", "F14", "firm production"
    JOINT = "joint", "F14", "joint production"
    CUSTOMER = "customer", "F14", "customer production"


class Expertise(Word):
    """How familiar a customer is with the task (F14; Bateson 2002)."""

    NOVICE = "novice", "F14", "unfamiliar: large effort"
    EXPERT = "expert", "F14", "familiar: participation is nearly mechanical"


class Actor(Word):
    """Who is affected by participation (F12)."""

    CUSTOMER = "customer", "F12", "the customer who takes part"
    STAFF = "staff", "F12", "front-line employees: workload can fall or rise"
    FIRM = "firm", "F12", "bears the cost of coordination"
    OTHER_CUSTOMERS = "other customers", "F12", "help, ideas, satisfaction, purchase intentions"
    INDIRECT_CONSUMERS = "indirect consumers", "F12", "family and wider stakeholders"


class Input(Word):
    """The seven inputs a customer may bring (F13)."""

    MENTAL = "mental", "F13", "information given, effort to understand"
    PHYSICAL = "physical", "F13", "own body, goods and effort"
    EMOTIONAL = "emotional", "F13", "what the customer feels while taking part"
    FINANCIAL = "financial", "F13", "price paid, money staked"
    TEMPORAL = "temporal", "F13", "time to take part and to learn how"
    BEHAVIORAL = "behavioral", "F13", "pace and goodwill towards staff and others"
    RELATIONAL = "relational", "F13", "what earlier encounters left behind"


class Determinant(Word):
    """The four customer-based determinants of participation, each perceived, each in [0, 1] (F15)."""

    AWARENESS = "awareness", "F15", "that, how and why participation is needed"
    CLARITY = "clarity", "F15", "perceived role clarity"
    ABILITY = "ability", "F15", "what the customer can do, and believes she can"
    WILLINGNESS = "willingness", "F15", "agreeing to take part"


class AwarenessLevel(Word):
    """The three levels of awareness (F15)."""

    NEED = "need", "F15", "that participation is needed"
    PRACTICE = "practice", "F15", "its practical details and importance"
    GAIN = "gain", "F15", "what one gains from it"


class ClaritySource(Word):
    """What feeds perceived role clarity (F15)."""

    EXPERIENCE = "experience", "F15", "experience with this firm"
    SIMILAR = "similar contexts", "F15", "experience in similar contexts"
    ANALOGY = "analogy", "F15", "analogy in a new situation"
    OTHERS = "watching others", "F15", "doing as other customers do"


class Ability(Word):
    """The two sides of ability, which can differ (F15)."""

    ACTUAL = "actual", "F15", "skill"
    PERCEIVED = "perceived", "F15", "self-efficacy"


class Raiser(Word):
    """What raises willingness to take part (F15)."""

    PRICE_CUT = "price cut", "F15", "a lower price or a money reward"
    TIME_SAVED = "time saved", "F15", "it is quicker"
    EASE = "ease", "F15", "it is easy to do"
    INFORMATION = "information from other customers", "F15", "what the community knows"
    QUALITY = "quality", "F15", "better quality, now or later"
    NOVELTY = "novelty and play", "F15", "it is new or fun"
    CONTROL = "control", "F15", "more say over the outcome"
    SELF_IMAGE = "self-image", "F15", "feeling competent and independent"
    IDENTIFICATION = "identification", "F15", "identifying with the partial employee's role"


class Lowerer(Word):
    """What lowers willingness to take part (F15)."""

    NO_GAIN = "no visible gain", "F15", "the customer sees nothing in it"
    TRAITS = "personal traits", "F15", "the customer is not that kind of person"
    LOW_ABILITY = "low perceived ability", "F15", "the customer doubts her skill"
    LARGE_ROLE = "too large a role", "F15", "too much is asked"


class Technique(Word):
    """Organizational socialization: what the firm can do about the determinants (F16)."""

    JOB = "job", "F16", "define the customer's job"
    RECRUITMENT = "recruitment", "F16", "recruit and select customers"
    LITERATURE = "literature", "F16", "brochures, FAQs, previews"
    SERVICESCAPE = "servicescape", "F16", "layout, tools and step order, and what they afford"
    PROCEDURES = "procedures", "F16", "procedures and rules"
    TRAINING = "training", "F16", "training of customers"
    STAFF = "staff", "F16", "staff who train and encourage"
    REWARDS = "rewards", "F16", "monetary and non-monetary rewards"
    ADVANTAGES = "advantages", "F16", "making the advantages known"
    TRANSPARENCY = "transparency", "F16", "openness about the internal process"
    COMPLAINTS = "complaints", "F16", "good complaint handling"
    WITHDRAWAL = "withdrawal", "F16", "how and when a participation ends"


class Process(Word):
    """The three processes that act through service interfaces (F17)."""

    ENCOURAGEMENT = "encouragement", "F17", "signal benefits and quality"
    SOCIALIZATION = "socialization", "F17", "define the role"
    SUPPORT = "support", "F17", "raise competence"


class Interface(Word):
    """Where the customer meets the firm (F17)."""

    PEOPLE = "people", "F17", "staff, face to face or by telephone"
    TECHNOLOGY = "technology", "F17", "web, kiosk, machine, voice response"


class RevenueSource(Word):
    """Where revenue comes from (F2, F20)."""

    TURNOVER = "turnover", "F2", "sales of goods and services"
    ROYALTIES = "royalties", "F2", "royalties"
    RENTS = "rents", "F2", "rents"
    INTEREST = "interest", "F2", "interest"
    SUBSIDIES = "subsidies", "F2", "subsidies"
    ASSETS = "handed-over assets", "F2", "assets handed over, customers' stakes among them"
    ADVERTISING = "advertising", "F20", "an audience sold to advertisers"


class CostCause(Word):
    """What causes the firm's costs (F2, F20)."""

    PRODUCTION = "production", "F2", "making the offer"
    PROMOTION = "promotion", "F20", "making it known where customers do not"
    STAFF = "staff", "F17", "staff, including the extra demand participation makes on them"
    COORDINATION = "coordination", "F20", "coordination, control and integration of customers"
    INCENTIVES = "incentives", "F20", "what customers and partners are paid for their part"
    SOCIALIZATION = "socialization", "F4.3", "running the techniques that bring customers in"


class Outcome(Word):
    """What a good model shows (F20)."""

    SATISFACTION = "satisfaction", "F20", "customers' satisfaction"
    LOYALTY = "loyalty", "F20", "customers who come back and stay"
    GROWTH = "growth", "F20", "growth of the customer base"
    COST_SAVED = "cost saved", "F20", "in operations and in risk"
    EXTENSIVENESS = "extensiveness", "F20", "revenue gained by reach"
    INTENSIVENESS = "intensiveness", "F20", "revenue gained by depth in a market"
    EXTERNALITIES = "network externalities", "F20", "revenue gained because others are there"
    NEW_SOURCES = "new sources", "F20", "revenue from new sources such as advertising"


class Limitation(Word):
    """The five limitations, each with a detector and a remedy (F21)."""

    INAPPROPRIATE = "inappropriate participation", "F21.1", "the process is bypassed or misused"
    COGNITIVE = "cognitive limits", "F21.2", "customers ask for increments only"
    PRESSURE = "excessive pressure", "F21.3", "opportunism and value co-destruction"
    BLURRED_ROLES = "blurred roles", "F21.4", "one person designs, invests, sells and promotes"
    UNCLEAR_SHARING = "unclear sharing", "F21.5", "customers who feel used stop taking part"


class TaskKind(Word):
    """The kinds of task a customer's job may consist of; each keeps its file name on every floor."""

    STAKE = "stake", "E2", "put money on a project"
    BALLOT = "ballot", "E3", "vote or support"
    PURCHASE = "purchase", "B3", "buy, from the firm or from another customer"
    PROMOTION = "promotion", "E3", "make the firm or a project known"
    PROPOSAL = "proposal", "F33", "submit an idea, a design, a listing or a solution"
    REVIEW = "review", "F36", "judge a proposal"
    RATING = "rating", "F32", "rate a person or an offer"
    MAKING = "making", "B1", "make the product at ordered stations"
    SELF_SERVICE = "selfservice", "F34", "serve oneself instead of being served"
    HELP = "help", "F12", "help another customer"
    TESTING = "testing", "F41", "try a concept or a service"
    DISCUSSION = "discussion", "E1", "read, listen, compare and discuss"
