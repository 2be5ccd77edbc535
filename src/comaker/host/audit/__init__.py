"""The books and the rules of a site, recomputed from its log and compared with what its tables say."""

from comaker.host.audit.auditing import Audited, audit, examine
from comaker.host.audit.findings import Finding

__all__ = ["Audited", "Finding", "audit", "examine"]
