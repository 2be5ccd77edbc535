"""What no site on this server can outrun: it reads the body and answers, with nothing behind it.

``python -m rush.nothing PORT``
"""

from __future__ import annotations

import multiprocessing
import sys
from typing import Any

from comaker.host.serving import Place, server
from rush.site import WORKERS

ANSWER = b"{}"
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request."""
    await receive()
    await send({"type": "http.response.start", "status": 201, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


def load() -> object:
    """What each worker runs."""
    return application


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn", force=True)
    server(Place("127.0.0.1", int(sys.argv[1])), WORKERS).serve(target_loader=load, wrap_loader=False)
