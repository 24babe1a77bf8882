import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0011_approves"), ("slo", "0003_heard")]

    operations = [
        migrations.CreateModel(
            name="DayOfObjective",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("objective", models.CharField(max_length=40)),
                ("day", models.DateField()),
                ("bad", models.BigIntegerField()),
                ("total", models.BigIntegerField()),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="core.tenant"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "objective", "day"), name="day_of_objective_once"),
                ],
            },
        ),
    ]
