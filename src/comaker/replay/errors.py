"""What a replay says of itself, and what it refuses; light to import."""

LABEL = "mechanical replay: the same requests, other rules; behaviour would change too"
"""What every result of a replay says of itself."""


class ReplayError(ValueError):
    """A table that cannot be replayed; the message says which row and what would be right."""
