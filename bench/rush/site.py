"""Serves the site as ``comaker host`` does, on a database that is ready: ``python -m rush.site PORT``."""

from __future__ import annotations

import sys

import django

from comaker.host.serving import Place, serve

WORKERS = 2
"""As many as the machine has cores."""

if __name__ == "__main__":
    django.setup()
    serve(Place("127.0.0.1", int(sys.argv[1])), workers=WORKERS, answering=lambda url: None)
