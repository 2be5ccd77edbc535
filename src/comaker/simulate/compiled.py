"""The rule functions themselves, compiled: not a second version of them.

A rule is plain Python, and so are the rules that it calls. Compiling one therefore compiles the functions
it refers to as well, from the very same code objects that a site or a replay calls.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import NamedTuple, cast

import numpy as np
from numba import njit

_done: dict[FunctionType, Callable[..., object]] = {}


def compiled[Rule: Callable[..., object]](rule: Rule) -> Rule:
    """The same rule as machine code, callable from Python and from other compiled functions.

    Results equal those of the rule called in Python for all values whose products stay below 2**63, which
    the model loader proves for every declared model.
    """
    function = cast(FunctionType, rule)
    if function not in _done:
        names = dict(function.__globals__)
        for name in function.__code__.co_names:
            value = names.get(name)
            if isinstance(value, FunctionType) and value.__module__.startswith("comaker.rules"):
                names[name] = compiled(value)
        copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__)
        copy.__module__ = function.__module__
        copy.__qualname__ = function.__qualname__
        _done[function] = njit(cache=True, nogil=True)(copy)
    return cast(Rule, _done[function])


def as_record(values: NamedTuple) -> np.record:
    """Numbers with names as one record, which compiled code takes by reference: a tuple of fifty values
    passed from function to function takes minutes to compile."""
    fields = values._asdict()
    kinds = [
        (name, np.float64 if isinstance(value, float) else np.int64, np.shape(value))
        for name, value in fields.items()
    ]
    return cast(np.record, np.array([tuple(fields.values())], np.dtype((np.record, kinds)))[0])
