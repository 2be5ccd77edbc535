"""How workers and the writing process speak: lists as pickles, each after its length.

Pickles, as between the processes of Python's own pools: JSON takes ten times as long. Nobody else comes in
here, because the socket lies in a folder of its owner alone.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Iterator, Sequence
from typing import Any

_LENGTH = struct.Struct("<I")


def packed(items: Sequence[Any]) -> bytes:
    """Items as one message."""
    body = pickle.dumps(items, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


class Messages:
    """Puts together what comes in pieces."""

    def __init__(self) -> None:
        self._left = bytearray()

    def items(self, data: bytes) -> Iterator[Any]:
        """The items of all messages that are whole with this piece."""
        self._left += data
        while len(self._left) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._left)[0]
            if len(self._left) < end:
                return
            body = self._left[_LENGTH.size : end]
            del self._left[:end]
            yield from pickle.loads(body)
