"""How Django knows this package."""

from django.apps import AppConfig


class HostConfig(AppConfig):
    """The site as Django's one application of this house."""

    name = "comaker.host"
    label = "host"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lets the accounts' library tell us who joined."""
        import comaker.host.accounts  # noqa: F401  its signals; models must be there first
