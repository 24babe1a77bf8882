from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0009_metered")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="span_id",
            field=models.CharField(blank=True, db_default="", max_length=16),
        ),
    ]
