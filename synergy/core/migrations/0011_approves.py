from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0010_span")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="approves",
            field=models.BooleanField(
                "approves deliveries while an error budget is spent",
                db_default=False,
                default=False,
                help_text="Runs rest before their delivery until a person goes on with them. Objectives: deploy/slos.md.",
            ),
        ),
    ]
