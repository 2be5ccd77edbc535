"""How Django knows this package."""

from django.apps import AppConfig


class HostConfig(AppConfig):
    """The site as Django's one application of this house."""

    name = "comaker.host"
    label = "host"
    default_auto_field = "django.db.models.BigAutoField"
