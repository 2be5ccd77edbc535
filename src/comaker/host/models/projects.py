"""Projects as people see them: the artist, the story, what was said and shown. Money is in ``standing``."""

from __future__ import annotations

from django.db import models

from comaker.host.models.accounts import Account


class Project(models.Model):
    """What customers stake on, such as an artist. A draft until published, when the writer opens it."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    line = models.CharField(max_length=140, help_text="One line under the name.")
    story = models.TextField(help_text="In the artist's own words.")
    opinion = models.TextField(blank=True, help_text="What the firm thinks.")
    created_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ("-published_at", "id")

    def __str__(self) -> str:
        return self.name


class Media(models.Model):
    """A picture, a piece of music or a film of a project; the first picture is its portrait."""

    class Kind(models.TextChoices):
        """What it is."""

        PICTURE = "picture"
        AUDIO = "audio"
        VIDEO = "video"

    project = models.ForeignKey(Project, models.CASCADE, related_name="media")
    kind = models.CharField(max_length=8, choices=Kind)
    file = models.FileField(upload_to="media/%Y/%m")
    text = models.CharField("description", max_length=200, help_text="For those who cannot see or hear it.")
    place = models.PositiveSmallIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)
    added_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("place", "id")
        verbose_name_plural = "media"

    def __str__(self) -> str:
        return self.text


class News(models.Model):
    """A piece of news on a project's page."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="news")
    title = models.CharField(max_length=120)
    text = models.TextField()
    published_at = models.DateTimeField(auto_now_add=True)
    written_by = models.ForeignKey(Account, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-published_at",)
        verbose_name_plural = "news"

    def __str__(self) -> str:
        return self.title
