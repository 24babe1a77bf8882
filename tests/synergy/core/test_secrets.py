"""What counts as a secret, what does not, and that nothing of it is left behind."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synergy.core.secrets import REDACTED, find_secrets, redact

# Put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq+\n-----END RSA PRIVATE KEY-----",
    "AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub token": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "GitLab token": "glpat-" + "x9Y8z7W6v5U4t3S2r1Q0",
    "model provider key": "sk-" + "proj-abcDEF1234567890abcDEF1234567890",
    "payment key": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "Slack token": "xoxb-" + "123456789012-abcdefGHIJKL",
    "webhook address": "https://hooks.slack.com/" + "services/T0000/B0000/abcdefghijklmnop",
    "Google key": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "SendGrid key": "SG." + "abcdefghijklmnop1234.qrstuvwxyz567890ABCD",
    "web token": "eyJ" + "hbGciOiJIUzI1NiJ9." + "eyJ" + "zdWIiOiIxMjM0NSJ9.dBjftJeZ4CVPmB92K27u",
    "password in an address": "postgresql://app:Sup3r" + "Secret9@db.example.com/app",
    "assigned secret": "api_key = 'a9F3kLm2" + "Qz8RtY7w'",
}
HARMLESS = [
    "SECRET_KEY=change-me-please-in-production",
    "password: correct-horse-battery-2468",
    "DATABASE_URL=postgresql+psycopg://app:app@db:5432/app",
    '"integrity": "sha512-AbC123+/DefGHIjklMNOpqrSTUvwxYZ0123456789=="',
    "DATABASE_URL=postgresql://user:password@host:5432/name",
    "csrf_token = request.cookies.get('csrf')",
    "const token = useAuthToken1Xyz2();",
    "The token is required for the endpoint.",
    "task-list risk-assessment-and-mitigation-planning",
    "password: ${{ secrets.REGISTRY_PASSWORD }}",
]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found_and_taken_out(kind):
    text = f"first line\nplease use {SECRETS[kind]} for it"
    assert [(s.kind, s.line) for s in find_secrets(text)] == [(kind, 2)]
    clean = redact(text)
    assert REDACTED in clean
    assert clean.startswith("first line\nplease use ")
    assert not find_secrets(clean)


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_holds_no_secret(text):
    assert redact(text) == text


def test_an_allowed_value_is_no_secret():
    text = "password = 'a9F3kLm2Qz8RtY7w'"
    assert find_secrets(text)
    assert not find_secrets(text, allowed=["a9F3kLm2Qz8RtY7w"])


def test_two_secrets_in_one_line_are_both_taken_out():
    text = f"{SECRETS['AWS access key']} and {SECRETS['payment key']}."
    assert redact(text) == f"{REDACTED} and {REDACTED}."


@pytest.mark.parametrize(
    "piece", ["-----BEGIN PRIVATE KEY-----", "secret", "a://", "eyJ", "token ", "a:", "password is ", "sk-", "api_key=", "xoxb-"]
)
def test_a_hostile_text_is_scanned_in_linear_time(piece):
    started = time.perf_counter()
    find_secrets(piece * (600_000 // len(piece)))
    assert time.perf_counter() - started < 5


@given(st.text())
def test_redacting_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)
