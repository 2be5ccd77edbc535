"""Brings any platform's contribution log into the event table, refusing to guess."""

from comaker.ingest.importing import Imported, ImportRefused, import_log
from comaker.ingest.maps import Map, MapError, load_map

__all__ = ["ImportRefused", "Imported", "Map", "MapError", "import_log", "load_map"]
