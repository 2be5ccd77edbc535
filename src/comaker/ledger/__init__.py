"""Double entry for everything that money does: per currency, in minor units, summing to zero.

Every posting names the event it comes from, the rule that decided and the version of the model.
"""

from comaker.ledger.book import Ledger
from comaker.ledger.export import to_beancount
from comaker.ledger.postings import LedgerError, Posting, postings_of, transfer_of
from comaker.ledger.settlement import Holders, Settlement, Shared, settle

__all__ = [
    "Holders",
    "Ledger",
    "LedgerError",
    "Posting",
    "Settlement",
    "Shared",
    "postings_of",
    "settle",
    "to_beancount",
    "transfer_of",
]
