"""Small hand-made sites, served on a unix socket like the generated projects, but in this process."""

from __future__ import annotations

import json
import shutil
import socketserver
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

STYLE = """
  :root { color-scheme: light dark; --bg: #fff; --fg: #1a1a1a; --accent: #00408a; --on: #fff; }
  @media (prefers-color-scheme: dark) { :root { --bg: #111; --fg: #eee; --accent: #9cc4ff; --on: #111; } }
  body { margin: 0; font: 16px/1.5 sans-serif; background: var(--bg); color: var(--fg); }
  header, main { padding: 1rem; } a { color: var(--accent); } nav a { margin-right: 1rem; }
  button { font: inherit; background: var(--accent); color: var(--on); border: 0; padding: .5rem 1rem; }
  input { font: inherit; background: var(--bg); color: var(--fg); border: 1px solid currentColor; }
  dialog { background: var(--bg); color: var(--fg); } table { border-collapse: collapse; }
"""


def page(title, body, *, head="", script=""):
    """A complete document around ``body``."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{title}</title><link rel="icon" href="data:,"><style>{STYLE}</style>{head}</head><body>'
        f'<header><nav aria-label="Main"><a href="/">Home</a><a href="/orders">Orders</a></nav></header>'
        f"<main><h1>{title}</h1>{body}</main><script>{script}</script></body></html>"
    )


class Site:
    """Path → body, or a function from the request to (status, content type, body). Unknown paths answer 404."""

    def __init__(self, pages):
        self.pages = dict(pages)
        self.requests = []

    def answer(self, handler):
        path = handler.path.split("?")[0]
        self.requests.append((handler.command, handler.path, dict(handler.headers)))
        found = self.pages.get(f"{handler.command} {path}") or self.pages.get(path)
        if found is None:
            return 404, "text/html", page("Not found", "<p>There is nothing here.</p>")
        if callable(found):
            found = found(handler)
        return found if isinstance(found, tuple) else (200, "text/html; charset=utf-8", found)

    @contextmanager
    def served(self):
        """The path of the socket."""
        folder = tempfile.mkdtemp(prefix="site-", dir="/tmp")
        server = _Server(str(Path(folder, "http")), _handler(self))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield Path(folder, "http")
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            shutil.rmtree(folder)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def get_request(self):
        return self.socket.accept()[0], ("unix", 0)

    def handle_error(self, request, client_address):
        pass  # the browser left in the middle of an answer


def _handler(site):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, body, *headers = site.answer(self)
            data = body if isinstance(body, bytes) else body.encode()
            self.send_response(status)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(data))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PATCH = do_DELETE = do_GET

        def log_message(self, *args):
            pass

    return Handler


def as_json(value, status=200):
    return status, "application/json", json.dumps(value)
