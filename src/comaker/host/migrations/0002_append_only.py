"""The database itself refuses to change or remove what may only be added."""

from django.db import migrations

TABLES = ("host_event", "host_posting", "host_staffact", "host_publication")

SQLITE = """
CREATE TRIGGER {table}_keeps_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END
"""
POSTGRESQL = """
CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$
"""
POSTGRESQL_TABLE = """
CREATE TRIGGER {table}_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()
"""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)  # its % is plpgsql
        for table in TABLES:
            schema_editor.execute(POSTGRESQL_TABLE.format(table=table))
    else:
        for table in TABLES:
            for verb in ("UPDATE", "DELETE"):
                schema_editor.execute(SQLITE.format(table=table, verb=verb))


def unguard(apps, schema_editor):
    for table in TABLES:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER {table}_keeps ON {table}")
        else:
            for verb in ("update", "delete"):
                schema_editor.execute(f"DROP TRIGGER {table}_keeps_{verb}")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION only_added_to()")


def open_chain_of_the_firm(apps, schema_editor):
    """What concerns no project is booked in chain 0; its row is locked like a project's."""
    apps.get_model("host", "Standing").objects.create(
        project=0, status=0, goal_shares=0, most_shares=0, opened_us=0, head=bytes(32)
    )


class Migration(migrations.Migration):
    dependencies = [("host", "0001_initial")]
    operations = [
        migrations.RunPython(open_chain_of_the_firm, migrations.RunPython.noop),
        migrations.RunPython(guard, unguard),
    ]
