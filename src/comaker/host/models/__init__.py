"""The tables of the site, by subject."""

from comaker.host.models.accounts import Account, Accounts, Token
from comaker.host.models.projects import Media, News, Project
from comaker.host.models.records import Contribution, Event, Posting
from comaker.host.models.standing import Holding, Reservation, Standing
from comaker.host.models.terms import Publication, Settlement, StaffAct

__all__ = [
    "Account",
    "Accounts",
    "Contribution",
    "Event",
    "Holding",
    "Media",
    "News",
    "Posting",
    "Project",
    "Publication",
    "Reservation",
    "Settlement",
    "StaffAct",
    "Standing",
    "Token",
]
