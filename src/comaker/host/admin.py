"""Django's admin for what has no page at the desk: superusers only, and the books can only be read there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import ValidationError
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from comaker.host import models
from comaker.host.staff.log import Did


def _superusers_only(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


admin.site.has_permission = _superusers_only
admin.site.site_header = admin.site.site_title = "Comaker"
admin.site.index_title = "Tables"


# Many rows removed at once would leave no line in Django's log, and so none in ours.
admin.site.disable_action("delete_selected")


@receiver(post_save, sender=LogEntry, dispatch_uid="comaker.host.admin")
def note(instance: LogEntry, **more: object) -> None:
    """Write every change to the log of staff acts too, those of libraries' tables among them."""
    what = {ADDITION: "added", CHANGE: "changed", DELETION: "removed"}.get(instance.action_flag, "")
    models.StaffAct.objects.create(
        account=instance.user_id,
        act=Did.ADMIN.value,
        subject=f"{instance.content_type.model} {instance.object_id}"[:80],
        detail=f"{what} {instance.get_change_message()}".strip(),
    )


class ReadOnly(admin.ModelAdmin):
    """Rows that nobody changes here: the writer and the desk write them."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class NeverAdded(admin.ModelAdmin):
    """Rows that come about elsewhere and can be mended here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: people register, and files are checked when they are uploaded."""
        return False


class AccountForm(forms.ModelForm):
    """Staff do not take part: whoever holds shares cannot become one of them, nor approve her own payout."""

    def clean_is_staff(self) -> bool:
        """Refuses an account that holds shares or has something reserved."""
        wanted: bool = self.cleaned_data["is_staff"]
        held = models.Holding.objects.filter(customer=self.instance.pk, shares__gt=0)
        waiting = models.Reservation.objects.filter(
            models.Reservation.of(self.instance.pk), state=models.Reservation.State.WAITING
        )
        if wanted and (held.exists() or waiting.exists()):
            raise ValidationError(
                _("This account holds shares or has something reserved: staff do not take part.")
            )
        return wanted


@admin.register(models.Account)
class AccountAdmin(NeverAdded):
    """Who may log in, and who works for the firm."""

    form = AccountForm
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "joined_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "arm", "joined_at", "last_login")
    readonly_fields = ("email", "joined_at", "last_login")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: the books name accounts by their number. Take ``is_active`` away instead."""
        return False


@admin.register(models.Project)
class ProjectAdmin(NeverAdded):
    """The texts of a project; the desk publishes it."""

    list_display = ("name", "slug", "published_at", "created_by")
    search_fields = ("name", "slug")
    readonly_fields = ("slug", "created_by", "created_at", "published_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a draft can be removed."""
        return obj is not None and obj.published_at is None


@admin.register(models.News)
class NewsAdmin(admin.ModelAdmin):
    """News of projects."""

    list_display = ("title", "project", "published_at", "written_by")
    search_fields = ("title",)
    autocomplete_fields = ("project", "written_by")


@admin.register(models.Media)
class MediaAdmin(NeverAdded):
    """Files of projects; the desk takes new ones, because it checks them."""

    list_display = ("text", "kind", "project", "place", "size_bytes")
    list_filter = ("kind",)
    search_fields = ("text",)
    readonly_fields = ("project", "kind", "file", "size_bytes", "added_by", "added_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """At the desk, which removes the file too."""
        return False


class TokenAdmin(ReadOnly):
    """Log-ins of programs; their secrets are not kept."""

    list_display = ("label", "account", "scopes", "revoked")
    fields = ("account", "label", "scopes", "created_at", "expires_us", "revoked")


_COLUMNS: dict[type, tuple[str, ...]] = {
    models.Event: ("id", "at_us", "kind", "subject", "customer", "quantity", "money_minor", "refusal"),
    models.Posting: ("id", "chain", "number", "source", "target", "currency", "amount_minor", "rule"),
    models.Standing: ("project", "status", "collected_shares", "goal_shares", "holders", "earned_minor"),
    models.Holding: ("project", "customer", "shares", "reserved_shares", "paid_minor"),
    models.Reservation: ("event", "project", "customer", "task", "quantity", "money_minor", "state"),
    models.Contribution: ("id", "account", "route", "key", "status", "event_id"),
    models.Publication: ("id", "hash", "announced_at", "announced_by"),
    models.Settlement: ("id", "project", "total_minor", "state", "proposed_by", "approved_by"),
    models.StaffAct: ("at", "account", "act", "subject", "detail"),
}


def _register() -> None:
    for model, columns in _COLUMNS.items():
        shown = {"list_display": columns, "ordering": ("-pk",)}
        admin.site.register(model, type(f"{model.__name__}Admin", (ReadOnly,), shown))
    admin.site.register(models.Token, TokenAdmin)


_register()
