"""The whole step on a small project: built and served in the sandbox, visited, compared with what was approved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synergy.core import stacks
from synergy.core.errors import Cancelled
from synergy.core.stacks import Command, StackSpec
from synergy.core.types import ChangeSet, Page, PageKind, UiSpec
from tests import factories
from tests.visual.sites import page
from visual import browser, services
from visual.baselines import approve
from visual.models import Baseline

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.django_db]

SERVER = """
import http.server, itertools, os, socketserver, sys
count = itertools.count()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        name = {"/": "dist/index.html", "/login": "dist/login.html"}.get(self.path)
        if self.path == "/orders":
            if "session=1" not in self.headers.get("Cookie", ""): return self.send(302, b"", ("Location", "/login"))
            name = "dist/app.html"
        self.send(200 if name else 404, open(name or "dist/none.html", "rb").read().replace(b"COUNT", str(next(count)).encode()))
    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        ok = "right" in sent
        self.send(200 if ok else 401, b"{}", ("Set-Cookie", f"session={ok:d}; Path=/; HttpOnly"), ("Content-Type", "application/json"))
    def send(self, status, body, *headers):
        self.send_response(status)
        for name, value in (("Content-Length", str(len(body))), *headers): self.send_header(name, value)
        self.end_headers(); self.wfile.write(body)
    def address_string(self): return "unix"
    def log_message(self, *args): pass
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    def get_request(self): return self.socket.accept()[0], ("unix", 0)
Server(sys.argv[1], Handler).serve_forever()
"""
LOGIN = page(
    "Sign in",
    '<form id="f"><p><label>Email <input id="e" type="email" required></label></p>'
    '<p><label>Password <input id="p" type="password" required></label></p><button>Sign in</button></form><p id="s" role="status"></p>',
    script="""f.onsubmit = async (event) => {
      event.preventDefault();
      const answer = await fetch("/api/auth/login", {method: "POST", body: JSON.stringify({email: e.value, password: p.value})});
      if (answer.ok) location.href = "/orders"; else s.textContent = "Wrong email or password";
    };""",
)


def app(text="Twelve orders wait.", extra="", script=""):
    return page("Orders", f'<p>{text}</p><button id="b" aria-expanded="false">More</button><p id="m" hidden>Three are late.</p>{extra}',
                script=f'b.onclick = () => {{ m.hidden = !m.hidden; }};{script}')  # fmt: skip


@pytest.fixture
def project(bench, monkeypatch):
    """Run ``check`` on a project of three pages; returns the report."""
    commands = {
        "build": Command(argv=("sh", "-c", "test ! -e src/broken && mkdir -p dist && cp src/*.html dist/"), inputs=("src/",),
                         outputs={"dist": "dist/"}),
        "serve": Command(argv=("python3", "-c", SERVER, "{socket}"), seconds=20),
    }  # fmt: skip
    spec = StackSpec(slug="tiny", title="Tiny", sentence="", paragraph="", commands=commands)
    monkeypatch.setattr(stacks, "stacks", lambda: {"tiny": spec})
    pages = (
        Page(slug="login", path="/login", sample="/login", title="Sign in", kind=PageKind.LOGIN, public=True),
        Page(slug="orders", path="/orders", sample="/orders", title="Orders", kind=PageKind.LIST),
    )
    plan = factories.plan().model_copy(update={"stack": "tiny", "pages": pages, "demo_password": "right"})
    own = replace(bench, project_key="bakery")

    def run(html=None, *, files=None, plan=plan, bench=own, checks=(), base=None):
        home = page("Home", '<p><a href="/login">Sign in</a></p>')
        sources = {
            "src/app.html": html or app(),
            "src/login.html": LOGIN,
            "src/index.html": home,
            "src/none.html": page("Not found", ""),
        }
        stored = {name: bench.store.put_text(text) for name, text in {**sources, **(files or {})}.items()}
        ui = UiSpec(scopes=(), components=(), changes=ChangeSet(agent="ui", files={}))
        return services.check(bench, plan, (ChangeSet(agent="frontend", files=stored, checks=checks),), ui, base)

    run.bench, run.spec, run.plan = own, spec, plan
    return run


def found(report, check):
    return [f for f in report.findings if f.check == check]


def test_a_sound_project_is_seen_on_all_pages_and_kept(project):
    report = project()
    assert report.findings == ()
    assert {(s.page, s.width, s.theme) for s in report.shots} == {
        (p, w, t) for p in ("login", "orders") for w, t in ((375, "light"), (768, "light"), (1920, "light"), (1920, "dark"))
    }
    assert report.browser.startswith("Chromium ")
    assert len(report.fonts) == 64
    assert report.axe.startswith("4.")
    assert report.controls == 4  # two links in the header, a button, a form
    assert report.pages == 2
    assert report.widths == (375, 768, 1920)
    assert ("POST", "/api/auth/login", 200) in {(c.method, c.path, c.status) for c in report.calls}
    kept = project.bench.root / "evidence/screenshots"
    assert {f.name for f in kept.iterdir()} == {
        f"{p}-{w}.png" for p in ("login", "orders") for w in (375, 768, 1920, "1920-dark")
    }
    shot = next(s for s in report.shots if (s.page, s.width, s.theme) == ("orders", 375, "light"))
    assert (kept / "orders-375.png").read_bytes() == project.bench.store.get(shot.image)
    assert "Twelve orders wait." in project.bench.store.get_text(shot.text)
    assert Baseline.objects.filter(project="bakery", state="waiting").count() == 8
    assert all(s.diff_ratio is None for s in report.shots), "a first run has nothing to be compared with"


@pytest.fixture
def approved_project(project):
    """The same, after a person approved how it looks."""
    first = project()
    approve("bakery", {s.image for s in first.shots})
    return project


def test_an_unchanged_project_equals_its_baseline(approved_project):
    report = approved_project()
    assert report.findings == ()
    assert {(s.diff_ratio, s.diff_pixels, s.approved, s.text_changed) for s in report.shots} == {(0.0, 0, True, False)}
    assert not Baseline.objects.filter(state="waiting").exists()


def test_a_changed_word_is_found_however_few_pixels_it_has(approved_project):
    report = approved_project(app("Twelve orders wait!"))
    assert [(f.page, f.width, f.severity) for f in found(report, "text")] == [("orders", w, "serious") for w in (375, 768, 1920)]
    assert max(s.diff_ratio for s in report.shots) < 0.05
    assert {f.severity for f in found(report, "pixels")} == {"minor"}
    assert Baseline.objects.filter(state="waiting", page="orders").count() == 4


def test_a_shifted_block_of_pixels_is_found(approved_project):
    block = "<style>@media (min-width: 1000px) { main { padding-left: 60px; background: #00408a22; height: 600px; } }</style>"
    report = approved_project(app(extra=block))
    serious = [f for f in found(report, "pixels") if f.severity == "serious"]
    assert {(f.page, f.width) for f in serious} == {("orders", 1920)}
    shot = next(s for s in report.shots if (s.page, s.width, s.theme) == ("orders", 1920, "light"))
    assert shot.diff_ratio > 0.05
    assert shot.diff_pixels > 100_000
    assert (
        approved_project.bench.root / "evidence/screenshots/orders-1920-diff.png"
    ).read_bytes() == approved_project.bench.store.get(shot.diff)


def test_a_page_of_another_size_is_a_failure(approved_project):
    report = approved_project(app(extra='<div style="height: 1500px"></div>'))
    assert any("The size changed from" in f.message and f.severity == "serious" for f in found(report, "pixels"))


def test_another_browser_starts_the_pixels_anew_but_not_the_words(approved_project):
    Baseline.objects.update(browser="Chromium 1")
    report = approved_project(app("Thirteen orders wait."))
    assert found(report, "pixels") == []
    assert found(report, "text")
    assert all(s.diff_ratio is None for s in report.shots)
    assert Baseline.objects.filter(state="waiting").count() == 8


def test_a_page_that_is_never_the_same_is_found(project):
    report = project(app("You are visitor COUNT."))
    assert {(f.page, f.severity) for f in found(report, "determinism")} == {("orders", "serious")}
    assert [s.deterministic for s in report.shots if s.page == "orders" and s.theme == "light"] == [False] * 3
    assert (project.bench.root / "evidence/screenshots/orders-375-second.png").exists()


def test_edits_that_break_a_button_are_found(project):
    report = project(app().replace("b.onclick", "b.ondrag"))
    assert ["'More' does nothing" in f.message for f in found(report, "controls")] == [True]


def test_a_project_that_does_not_build_is_a_finding(project):
    report = project(files={"src/broken": "x"})
    assert [(f.check, f.severity) for f in report.findings] == [("render", "critical")]
    assert "The command 'build' failed" in report.findings[0].message
    assert report.shots == ()


def test_a_project_that_does_not_start_is_a_finding(project, monkeypatch):
    command = Command(argv=("sh", "-c", "echo no database; exit 3", "{socket}"))
    monkeypatch.setitem(project.spec.commands, "serve", command)
    report = project()
    assert "no database" in report.findings[0].message
    assert report.findings[0].severity == "critical"


def test_a_person_who_cannot_sign_in_sees_that_said(project):
    report = project(plan=project.plan.model_copy(update={"demo_password": "wrong"}))
    assert any("Signing in" in f.message and f.severity == "critical" for f in found(report, "render"))
    assert {f.page for f in found(report, "render") if "leads to /login" in f.message} == {"orders"}, report.findings


def test_what_was_built_from_the_same_files_in_this_run_is_not_built_again(project):
    first = project()
    (built,) = first.checks
    monkey = project(checks=(built,))
    assert monkey.checks == (built,)
    other = project(app("Other words."), checks=(built,))
    assert other.checks[0].inputs != built.inputs


def test_a_cancelled_run_stops(project):
    answers = iter([False] * 8)
    with pytest.raises(Cancelled):
        project(bench=replace(project.bench, stopped=lambda: next(answers, True)))


def test_a_browser_that_crashes_once_is_started_again(project, monkeypatch):
    tries = []

    def run(self, *args):
        tries.append(1)
        if len(tries) == 1:
            raise browser.BrowserCrashed("gone")
        return original(self, *args)

    original = browser.Session.run
    monkeypatch.setattr(browser.Session, "run", run)
    notes = []
    report = project(bench=replace(project.bench, note=notes.append))
    assert (len(tries), len(report.shots)) == (2, 8)
    assert "gone Trying again." in notes


def test_a_browser_that_crashes_twice_means_not_tested(project, monkeypatch):
    def run(self, *args):
        raise browser.BrowserCrashed("gone")

    monkeypatch.setattr(browser.Session, "run", run)
    with pytest.raises(browser.BrowserCrashed):
        project()


def test_progress_is_told(project):
    notes = []
    project(bench=replace(project.bench, note=notes.append))
    assert "Looked at Orders" in notes
    assert "Tried the controls of Sign in" in notes
