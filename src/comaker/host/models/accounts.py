"""Accounts: customers and the firm's staff; tokens for programs that act for them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MaxLengthValidator
from django.db import models


class Accounts(BaseUserManager["Account"]):
    """Makes accounts; an address is kept in lower case, so that two spellings are one account."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Account:
        """A new account of a customer, or of staff with ``is_staff=True``."""
        account = self.model(email=email.strip().lower(), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Account:
        """A new account of staff who may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Account(AbstractBaseUser, PermissionsMixin):
    """Somebody with a log-in. Its number (``id``) stands in events and postings; a name never does."""

    email = models.EmailField(unique=True)
    name = models.CharField("public name", max_length=60, blank=True, help_text="Shown beside what you do.")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="Works for the firm: may not take part.")
    arm = models.CharField(max_length=40, blank=True, help_text="Arm of an experiment.")
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = Accounts()

    class Meta:
        verbose_name = "account"

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        """What others see: the chosen name, or a number that tells nothing."""
        return self.name or f"Customer {self.pk}"

    def get_full_name(self) -> str:
        """The public name (Django's pages ask for it so)."""
        return self.shown_name

    def get_short_name(self) -> str:
        """The public name (Django's pages ask for it so)."""
        return self.shown_name


class Token(models.Model):
    """A log-in for a program. Only its SHA-256 is kept; ``scopes`` are words parted by spaces."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=60)
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = models.CharField(max_length=200, validators=[MaxLengthValidator(200)])
    created_at = models.DateTimeField(auto_now_add=True)
    expires_us = models.BigIntegerField()
    revoked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.label
