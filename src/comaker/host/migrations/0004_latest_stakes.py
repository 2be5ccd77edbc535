from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("host", "0003_media_size")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["task", "-id"], name="event_latest_done", condition=models.Q(kind="done")
            ),
        ),
    ]
