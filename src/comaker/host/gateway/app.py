"""The ASGI application of the one port."""

from __future__ import annotations

import django
from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

django.setup()
application = WSGIMiddleware(get_wsgi_application())
