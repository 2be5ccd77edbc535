"""Customer-integrated business models: declare one, host it, measure it, simulate it.

The rule that is simulated is the rule that ships: the functions in ``comaker.rules`` decide everywhere.
"""

from comaker.model import Model, ModelError, load
from comaker.simulate import SimulationError, compare, simulate

__all__ = ["Model", "ModelError", "SimulationError", "compare", "load", "simulate"]
