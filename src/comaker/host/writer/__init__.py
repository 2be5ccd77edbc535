"""The one writer: every contribution and every movement of money goes through ``write``."""

from comaker.host.writer.requests import Act, Answer, Request
from comaker.host.writer.writing import write

__all__ = ["Act", "Answer", "Request", "write"]
