"""Run inside the backend of a generated project, with DATABASE_URL pointing to an empty PostgreSQL database.

Not a test module: ``test_backend.py`` starts it with the project's own interpreter and reads its exit code.
"""

from alembic import command
from app import migrate, seed
from app.config import load_settings
from app.factory import create_app
from app.stats import MODELS
from fastapi.testclient import TestClient
from sqlalchemy import inspect

settings = load_settings()
application = create_app(settings)
engine = application.state.engine
assert engine.dialect.name == "postgresql"

with TestClient(application, base_url="http://testserver") as client:
    login = {"email": settings.demo_email, "password": settings.demo_password}
    assert client.post("/api/auth/login", json=login).status_code == 200
    client.headers["X-CSRF-Token"] = client.cookies["csrf"]
    assert client.get("/ready").json() == {"status": "ready"}
    seed.seed(engine, settings)  # again: changes nothing

    for slug, model in MODELS.items():
        listed = client.get(f"/api/{slug}", params={"page_size": 100}).json()
        for sort in ("created_at", "-id", *(c.key for c in inspect(model).columns if c.key in ("name", "title", "weight"))):
            answer = client.get(f"/api/{slug}", params={"sort": sort, "q": "100% no such_words"})
            assert (answer.status_code, answer.json().get("total")) == (200, 0), (slug, sort, answer.text)
        for row in listed["items"]:
            one = client.get(f"/api/{slug}/{row['id']}")
            assert one.json() == row
            again = {c.key: row[c.key] for c in inspect(model).columns if c.key not in ("id", "created_at")}
            assert client.patch(f"/api/{slug}/{row['id']}", json=again).json() == row

    customers = client.get("/api/customers", params={"sort": "name"}).json()["items"]
    names = [row["name"] for row in customers]
    assert names == sorted(names)
    assert client.get("/api/customers", params={"q": names[0].upper()}).json()["total"] == 1
    taken = client.post("/api/customers", json={"name": "New", "email": customers[0]["email"], "newsletter": True})
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (409, "email")
    odd = client.post("/api/customers", json={"name": "a\x00b", "email": "odd@example.com", "newsletter": True})
    assert odd.json()["name"] == "ab"
    assert client.get("/api/customers", params={"q": "\x00"}).status_code == 200
    assert client.delete(f"/api/customers/{odd.json()['id']}").status_code == 204
    stats = client.get("/api/stats").json()
    cards = {card["key"]: card["value"] for card in stats["cards"]}
    assert cards["customers_count"] == len(customers)

    if "orders" in MODELS:
        orders = client.get("/api/orders", params={"page_size": 100}).json()["items"]
        assert cards["orders_total_sum"] == round(sum(row["total"] for row in orders), 2)
        lost = client.patch(f"/api/orders/{orders[0]['id']}", json={"customer_id": 999_999})
        assert (lost.status_code, lost.json()["errors"][0]["field"]) == (422, "customer_id")
        used = client.delete(f"/api/customers/{orders[0]['customer_id']}")
        assert used.status_code == 409
        assert " is used by " in used.json()["detail"]
        by_customer = client.get("/api/orders", params={"sort": "customer_label"}).json()["items"]
        labels = [row["customer_label"] for row in by_customer]
        assert labels == sorted(labels)

engine = create_app(settings).state.engine
with engine.connect() as connection:
    command.check(migrate.alembic_config(connection))
with engine.begin() as connection:
    command.downgrade(migrate.alembic_config(connection), "base")
assert inspect(engine).get_table_names() == ["alembic_version"]
engine.dispose()
