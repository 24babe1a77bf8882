"""Alerts reach every sink, once, whatever the other side does; and no address inside."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core import mail
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from monitor.models import Incident
from monitor.services import heal
from slo import guarded, sending
from slo.alerts.base import Alert, registry
from slo.models import AlertTarget, Delivery
from slo.sending import deliver, notify, send_again, send_test
from synergy.core.errors import BadInput
from synergy.core.models import Membership, Project, Run, RunState, Tenant
from tests.slo.sinks import Receiver

pytestmark = pytest.mark.django_db
HOSTILE = "<!channel> @everyone [x](http://evil/?q=1) \x1b]52;c;AAAA\x07 sk-or-v1-" + "a" * 64


@pytest.fixture
def receiver(settings):
    server = Receiver()
    settings.ALERT_HOSTS = [server.host]
    settings.PAGERDUTY_URL = server.url
    yield server
    server.stop()


@pytest.fixture
def tenant():
    return Tenant.objects.create(name="ours", slug="ours")


def alert(**given) -> Alert:
    return Alert(
        **{"key": "k", "title": "A run failed", "text": "The model is away.", "tenant": "ours", "at": timezone.now(), **given}
    )


def target(kind, address, tenant=None, **given):
    return AlertTarget.objects.create(name=f"our {kind}", kind=kind, address=address, tenant=tenant, **given)


def due_now():
    Delivery.objects.update(due=Now())


# --- the sinks ---------------------------------------------------------------------------------------------------------


def test_slack_gets_a_text_in_which_nobody_is_called(receiver, tenant):
    target("slack", receiver.url, tenant)
    notify(alert(title=HOSTILE, text=HOSTILE, link="https://synergy.example/run"))
    assert deliver() == 1
    told = receiver.body()
    assert set(told) == {"text", "blocks"}
    assert "<!channel>" not in str(told)
    assert "&lt;!channel&gt;" in told["text"]
    assert "a" * 64 not in str(told)
    assert "<https://synergy.example/run|Open the run>" in told["blocks"][0]["text"]["text"]


def test_discord_gets_an_embed_that_mentions_nobody(receiver, tenant):
    target("discord", receiver.url, tenant)
    notify(alert(text="x" * 9000, state="resolved"))
    deliver()
    told = receiver.body()
    assert told["allowed_mentions"] == {"parse": []}
    assert told["embeds"][0]["title"] == "RESOLVED: A run failed"
    assert len(told["embeds"][0]["description"]) == 4000


def test_pagerduty_triggers_and_resolves_by_the_same_key(receiver, tenant):
    target("pagerduty", "a1" * 16, tenant)
    notify(alert(severity="critical"))
    notify(alert(state="resolved"))
    deliver()
    events = sorted((receiver.body(n) for n in range(2)), key=lambda event: event["event_action"], reverse=True)
    assert [event["event_action"] for event in events] == ["trigger", "resolve"]
    assert events[0]["dedup_key"] == events[1]["dedup_key"]
    assert events[0]["payload"]["severity"] == "critical"
    assert events[0]["routing_key"] == "a1" * 16


def test_a_webhook_is_signed(receiver, tenant):
    made = target("webhook", receiver.url, tenant)
    notify(alert())
    deliver()
    _, headers, body = receiver.got[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(made.secret.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert receiver.body()["title"] == "A run failed"


def test_an_email_has_one_subject_and_no_more_headers(tenant):
    target("email", "ops@example.com", tenant)
    notify(alert(title="A\r\nBcc: all@example.com"))
    assert deliver() == 1
    (message,) = mail.outbox
    assert message.to == ["ops@example.com"]
    assert message.subject == "[Synergy] A Bcc: all@example.com"
    assert message.recipients() == ["ops@example.com"]


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("slack", "ftp://hooks.slack.com/x"), ("slack", "hooks.slack.com"), ("discord", "http://127.0.0.1/"), ("webhook", "https://"),
        ("pagerduty", "short"), ("pagerduty", "ä" * 32), ("email", "nobody"), ("email", "a@b.c\nBcc: d@e.f"),
    ],
)  # fmt: skip
def test_addresses_that_cannot_work_are_refused(kind, address):
    with pytest.raises(BadInput):
        registry.get(kind).check(address)


# --- delivery ----------------------------------------------------------------------------------------------------------


def test_the_same_alert_is_told_once_and_its_end_too(receiver, tenant):
    target("webhook", receiver.url, tenant)
    assert [notify(alert()), notify(alert()), notify(alert(state="resolved"))] == [1, 0, 1]
    deliver()
    assert deliver() == 0
    assert [receiver.body(n)["state"] for n in range(2)] == ["firing", "resolved"]


def test_alerts_go_to_the_tenant_and_to_the_operators_and_to_nobody_else(receiver, tenant):
    other = Tenant.objects.create(name="theirs", slug="theirs")
    for owner, name in ((tenant, "ours"), (other, "theirs"), (None, "operators")):
        target("webhook", f"{receiver.url}/{name}", owner)
    target("webhook", f"{receiver.url}/off", tenant, active=False)
    assert notify(alert()) == 2
    deliver()
    assert {path for path, _, _ in receiver.got} == {"/hook/ours", "/hook/operators"}
    assert notify(alert(tenant="", key="machinery")) == 1


@pytest.mark.parametrize("answers", [[503], [(429, {"Retry-After": "7"})], [500, 502]])
def test_what_is_declined_is_tried_again(receiver, tenant, answers):
    target("slack", receiver.url, tenant)
    receiver.answers = list(answers)
    notify(alert())
    for _ in answers:
        assert deliver() == 0
        assert deliver() == 0  # it is not due
        due_now()
    assert deliver() == 1
    assert len(receiver.got) == len(answers) + 1


def test_the_pause_is_what_the_other_side_asks_for_else_it_grows(receiver, tenant):
    target("slack", receiver.url, tenant)
    receiver.answers = [(429, {"Retry-After": "77"}), 503, (503, {"Retry-After": "soon"})]
    notify(alert())
    for least, most in ((76, 78), (39, 49), (158, 193)):
        deliver()
        pause = (Delivery.objects.get().due - timezone.now()).total_seconds()
        assert least <= pause <= most
        due_now()


def test_what_is_refused_for_good_is_dead_and_may_be_sent_again(receiver, tenant):
    target("slack", receiver.url, tenant)
    receiver.answers = [404]
    notify(alert())
    deliver()
    dead = Delivery.objects.get()
    assert (dead.state, dead.attempts, dead.error) == ("dead", 1, "It answered 404.")
    assert send_again([dead.pk]) == 1
    assert deliver() == 1


def test_after_eight_tries_it_is_dead(receiver, tenant):
    target("slack", receiver.url, tenant)
    receiver.answers = [503] * 20
    notify(alert())
    for _ in range(10):
        due_now()
        deliver()
    assert (Delivery.objects.get().state, len(receiver.got)) == ("dead", sending.TRIES)


def test_who_hangs_does_not_hang_us(receiver, tenant, monkeypatch):
    monkeypatch.setattr(guarded, "SECONDS", 0.3)
    target("slack", receiver.url, tenant)
    receiver.answers = [("hang", {})]
    notify(alert())
    assert deliver() == 0
    assert "ReadTimeout" in Delivery.objects.get().error


def test_a_claimed_delivery_is_not_sent_by_two(receiver, tenant):
    target("slack", receiver.url, tenant)
    notify(alert())
    assert len(sending._claimed(20)) == 1
    assert sending._claimed(20) == []
    due_now()  # whoever had it died
    assert len(sending._claimed(20)) == 1


def test_no_error_tells_the_address(receiver, tenant, settings):
    target("slack", receiver.url, tenant)
    settings.ALERT_HOSTS = []
    notify(alert())
    deliver()
    dead = Delivery.objects.get()
    assert dead.state == "dead"
    assert receiver.url not in dead.error
    assert receiver.got == []


# --- addresses inside --------------------------------------------------------------------------------------------------

INSIDE = [
    "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://2130706433/",
    "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://10.0.0.5/",
    "http://100.64.0.1/", "http://198.18.0.1/", "http://192.0.2.1/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://[fe80::1%25lo]/", "http://224.0.0.1/", "http://[fec0::1]/", "http://255.255.255.255/", "http://127.0.0.1:6379/",
    "http://user:pw@93.184.216.34/", "http://127.0.0.1#@example.com/", "file:///etc/passwd", "gopher://127.0.0.1/",
    "http://93.184.216.34:22/", "http://93.184.216.34:99999/", "http://no-such-host.invalid/",
]  # fmt: skip


@pytest.mark.parametrize("url", INSIDE)
def test_no_address_inside_is_taken(url):
    with pytest.raises(BadInput):
        guarded.check_url(url)


@pytest.fixture
def names(monkeypatch):
    """Names of our own: host → the answers of one lookup after the other."""
    known: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def lookup(host, port, *rest, **more):
        if host not in known:
            return real(host, port, *rest, **more)
        found = known[host].pop(0) if len(known[host]) > 1 else known[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return known


def test_a_name_with_one_address_inside_is_refused(names):
    names["mixed.test"] = [["93.184.216.34", "127.0.0.1"]]
    with pytest.raises(guarded.Forbidden):
        guarded.check_url("https://mixed.test/hook")


def test_a_name_that_was_public_when_it_was_saved_is_looked_at_again(names, tenant):
    names["rebind.test"] = [["93.184.216.34"], ["127.0.0.1"]]
    guarded.check_url("https://rebind.test/hook")
    target("webhook", "https://rebind.test/hook", tenant)
    notify(alert())
    assert deliver() == 0
    dead = Delivery.objects.get()
    assert (dead.state, "127.0.0.1 is not a public address" in dead.error) == ("dead", True)


def test_a_redirect_is_not_followed(receiver, tenant):
    target("slack", receiver.url, tenant)
    receiver.answers = [(302, {"Location": "http://169.254.169.254/latest/meta-data"})]
    notify(alert())
    deliver()
    assert (Delivery.objects.get().state, len(receiver.got)) == ("dead", 1)


# --- where they come from, and people ----------------------------------------------------------------------------------


def test_a_run_that_failed_is_told_once(receiver, tenant, settings):
    settings.PUBLIC_URL = "https://synergy.example"
    target("slack", receiver.url, tenant)
    project = Project.objects.create(tenant=tenant, name="Shop", slug="shop")
    run = Run.objects.create(
        tenant=tenant, project=project, message="A shop", state=RunState.FAILED, reason="The disk is full.", engine="synergy/3",
        finished_at=timezone.now(),
    )  # fmt: skip
    heal()
    heal()
    assert Incident.objects.filter(run=run, alert=True).count() == 1
    assert deliver() == 1
    told = receiver.body()["blocks"][0]["text"]["text"]
    assert "The disk is full." in told
    assert f"https://synergy.example/admin/core/run/{run.id}/change/" in told


def test_a_test_says_what_came_of_it(receiver, tenant):
    made = target("slack", receiver.url, tenant)
    receiver.answers = [500]
    assert send_test(made, "ada").state == "waiting"
    assert send_test(made, "ada").state == "sent"


@pytest.fixture
def member(tenant):
    user = get_user_model().objects.create_user("ada", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="slo"))
    Membership.objects.create(user=user, tenant=tenant)
    client = Client()
    client.force_login(user)
    return client


def test_people_set_targets_of_their_tenant_and_never_see_addresses_again(receiver, member, tenant):
    other = Tenant.objects.create(name="theirs", slug="theirs")
    url = "/admin/slo/alerttarget/"
    form = {"name": "Team", "kind": "slack", "address": receiver.url, "active": "on", "tenant": other.pk}
    assert member.post(f"{url}add/", form).status_code == 302
    made = AlertTarget.objects.get()
    assert (made.tenant, made.address) == (tenant, receiver.url)
    page = member.get(f"{url}{made.pk}/change/").content.decode()
    assert receiver.url not in page
    assert made.secret not in page
    member.post(f"{url}{made.pk}/change/", form | {"name": "Crew", "address": ""})
    made.refresh_from_db()
    assert (made.name, made.address) == ("Crew", receiver.url)
    member.post(url, {"action": "send_a_test", "_selected_action": [made.pk]})
    assert receiver.body()["text"] == "Test from Synergy"
    theirs = target("slack", receiver.url, other)
    assert member.get(f"{url}{theirs.pk}/change/").status_code == 302
    assert "our slack" not in member.get(url).content.decode()


def test_an_address_inside_is_refused_in_the_form(member):
    form = {"name": "Team", "kind": "webhook", "address": "http://169.254.169.254/", "active": "on"}
    page = member.post("/admin/slo/alerttarget/add/", form)
    assert page.status_code == 200
    assert "not a public address" in page.content.decode()
    assert not AlertTarget.objects.exists()
