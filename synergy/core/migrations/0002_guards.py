"""What Django cannot say: history that only grows, room for updates on the page, the first tenant."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION core_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'core_event is append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER core_event_append_only BEFORE UPDATE OR DELETE ON core_event
  FOR EACH STATEMENT EXECUTE FUNCTION core_event_append_only();
"""
MODIFIABLE = "DROP TRIGGER core_event_append_only ON core_event; DROP FUNCTION core_event_append_only();"

# Rows that are updated several times leave room for their new versions, so that no index has to be touched (HOT).
ROOM = """
ALTER TABLE core_step SET (fillfactor = 70);
ALTER TABLE core_run SET (fillfactor = 80);
ALTER TABLE core_workerbeat SET (fillfactor = 50);
"""
NO_ROOM = """
ALTER TABLE core_step RESET (fillfactor);
ALTER TABLE core_run RESET (fillfactor);
ALTER TABLE core_workerbeat RESET (fillfactor);
"""


def first_tenant(apps, schema_editor):
    apps.get_model("core", "Tenant").objects.get_or_create(slug="default", defaults={"name": "Default"})


class Migration(migrations.Migration):
    dependencies = [("core", "0001_ledger")]
    operations = [
        migrations.RunSQL(APPEND_ONLY, MODIFIABLE),
        migrations.RunSQL(ROOM, NO_ROOM),
        migrations.RunPython(first_tenant, migrations.RunPython.noop),
    ]
