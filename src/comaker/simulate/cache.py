"""Where compiled code is kept: apart for every state of the source.

Numba keeps it beside the source and, before it looks whether the source has changed, reads back types by the
name they had: after an upgrade that renamed one, it would end in a traceback.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import platformdirs

VARIABLE = "NUMBA_CACHE_DIR"


def keep_compiled_code_apart() -> None:
    """Point numba to a folder of the user's that belongs to this very source, unless the user named one.

    To be called before the first compiled module is imported; later it does nothing.
    """
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = platformdirs.user_cache_dir(
            f"comaker/compiled-{fingerprint()}", appauthor=False
        )


def is_compiled() -> bool:
    """Whether this source was compiled before: if not, the first simulation takes about a minute longer."""
    return VARIABLE in os.environ and Path(os.environ[VARIABLE]).is_dir()


def fingerprint(root: Path = Path(__file__).parents[1]) -> str:
    """12 hexadecimal digits that change with any line of the compiled source."""
    text = hashlib.sha256()
    for folder in ("rules", "simulate"):
        for file in sorted((root / folder).glob("*.py")):
            text.update(file.read_bytes())
    return text.hexdigest()[:12]
