import pytest

from inference.services import seed_templates


@pytest.fixture(scope="session")
def committed_templates(django_db_setup, django_db_blocker):
    """Seeded once for each worker; a test that flushes the database takes them away again."""
    with django_db_blocker.unblock():
        seed_templates()


@pytest.fixture
def templates(committed_templates, db):
    """The stack templates, their exemplars and the calibration."""
    seed_templates()
