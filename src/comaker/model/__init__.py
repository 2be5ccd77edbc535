"""The declared business model: one TOML file, checked whole, with the terms in force at any instant."""

from comaker.model.gallery import Entry, gallery, gallery_names, gallery_text
from comaker.model.json_schema import json_schema
from comaker.model.loading import Model, Version, load
from comaker.model.problems import ModelError, Problem
from comaker.model.terms import amended_on, is_money, stake_terms

__all__ = [
    "Entry",
    "Model",
    "ModelError",
    "Problem",
    "Version",
    "amended_on",
    "gallery",
    "gallery_names",
    "gallery_text",
    "is_money",
    "json_schema",
    "load",
    "stake_terms",
]
