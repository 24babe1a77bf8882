import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Baseline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.CharField(max_length=200)),
                ('page', models.CharField(max_length=240)),
                ('width', models.PositiveIntegerField()),
                ('theme', models.CharField(choices=[('light', 'light'), ('dark', 'dark')], max_length=5)),
                ('image', models.CharField(max_length=64)),
                ('text', models.CharField(max_length=64)),
                ('browser', models.CharField(max_length=80)),
                ('fonts', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('retired', 'Retired')], default='waiting', max_length=8)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('decided_at', models.DateTimeField(editable=False, null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('project', 'page', 'width', 'theme'), name='baseline_waiting_once'), models.UniqueConstraint(condition=models.Q(('state', 'approved')), fields=('project', 'page', 'width', 'theme'), name='baseline_approved_once'), models.CheckConstraint(condition=models.Q(('state', 'waiting'), ('decided_at__isnull', False), _connector='OR'), name='baseline_decided')],
            },
        ),
    ]
