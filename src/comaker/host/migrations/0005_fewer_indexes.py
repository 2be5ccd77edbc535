"""In a rush a row in an index costs more than the row itself, most of all at a random place: a page to be written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("host", "0004_latest_stakes")]

    operations = [
        migrations.RemoveConstraint(model_name="contribution", name="contribution_once"),
        migrations.AddConstraint(
            model_name="contribution",
            constraint=models.UniqueConstraint(fields=("account", "key", "route"), name="contribution_once"),
        ),
        migrations.AlterField(
            model_name="reservation",
            name="customer",
            field=models.BigIntegerField(),
        ),
        migrations.AlterField(
            model_name="reservation",
            name="event",
            field=models.BigAutoField(primary_key=True, serialize=False),
        ),
    ]
