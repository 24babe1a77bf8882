"""A small application written by hand: plants in a garden. The tests walk it, whole and with one defect at a time."""

from __future__ import annotations

from html import escape
from itertools import count
from urllib.parse import parse_qs, urlsplit

from tests.visual.sites import Site

STYLE = """body {{ margin: 0; background: {ground}; color: #222; font: 16px/1.5 sans-serif; }} header {{ background: {parts}; }} header a {{ color: #fff; margin: .5rem; }}
button {{ background: {parts}; color: #fff; border: 0; padding: .5rem 1rem; }} main {{ padding: 1rem; {wide} }} label {{ display: block; margin: .5rem 0; }}"""
PLANTS = (
    ("Lavender", "Herb", "Smells of summer and wants a sunny place by the wall.", 4.5),
    ("Rosemary", "Herb", "An evergreen shrub that the kitchen can not do without.", 5.25),
    ("Dahlia", "Flower", "Flowers until the first frost and has to be dug up then.", 7.0),
    ("Tulip", "Flower", "A bulb that is put into the ground late in autumn.", 2.75),
    ("Pear tree", "Tree", "Grown on a trellis it fits into the smallest garden.", 39.0),
)
NAV = (
    ("/", "Home"),
    ("/plants", "Plants"),
    ("/news", "News"),
    ("/contact", "Contact"),
    ("/poll", "Poll"),
    ("/lottery", "Lottery"),
    ("/help", "Help"),
    ("/pots", "Design a pot"),
)
LOTTERY = """<button id="draw">Spin</button><p id="won" role="status"></p><h2>Prizes</h2><ul><li>A watering can of zinc</li><li>A bag of compost</li></ul>"""
CHAT = """<h2>Chat with a gardener</h2><div id="talk" aria-live="polite"></div><form id="f"><label>Your message <input name="m"></label><button>Send</button></form>"""


class Garden(Site):
    """The application with the given ``defects``; see ``test_walks`` for their names."""

    def __init__(self, *defects: str) -> None:
        super().__init__({})
        self.defects = frozenset(defects)
        self.plants = {number: list(plant) for number, plant in enumerate(PLANTS, 1)}
        self.comments: dict[int, list[str]] = {number: [] for number in self.plants}
        self.votes = {"More benches": 3, "A pond": 5}
        self.people = {"demo@garden.example": ("Demo", "demo-pass-1")}
        self.numbers = count(100)
        self.flash = ""

    def has(self, defect: str) -> bool:
        return defect in self.defects

    # --- answering ---------------------------------------------------------------------------------------------------

    def answer(self, handler):
        url = urlsplit(handler.path)
        self.query = {key: values[0] for key, values in parse_qs(url.query).items()}
        self.sent = {key: values[0] for key, values in parse_qs(handler.body.decode(), keep_blank_values=True).items()}
        cookie = handler.headers.get("Cookie") or ""
        self.user = self.people.get(cookie.partition("user=")[2].partition(";")[0])
        parts = [part for part in url.path.split("/") if part]
        name = (
            "_".join([handler.command.lower(), *("one" if part.isdigit() else part for part in parts)]) if parts else "get_home"
        )
        self.number = next((int(part) for part in parts if part.isdigit()), 0)
        page = getattr(self, name.replace("-", "_"), None)
        if page is None or (self.number and self.number not in self.plants):
            return self.page("Page not found", "<p>There is nothing here.</p>", status=404)
        return page()

    def page(self, title: str, body: str, status: int = 200, script: str = ""):
        ground = "pink" if self.has("background") else "honeydew"
        parts = "silver" if self.has("components") else "darkgreen"
        style = STYLE.format(ground=ground, parts=parts, wide="width: 900px;" if self.has("wide") else "")
        links = [(href, name) for href, name in NAV if not (self.has("no news") and name == "News")]
        menu = " ".join(
            f'<a href="{"/gone" if self.has("dead link") and name == "Contact" else href}">{name}</a>' for href, name in links
        )
        out = '<form method="post" action="/logout"><button>Log out</button></form>'
        way = f"{self.user[0]} {out}" if self.user else '<a href="/login">Log in</a> <a href="/register">Register</a>'
        menu += '<a href="/diary">Diary</a>' if self.user else ""
        flash, self.flash = self.flash, ""
        return (
            status,
            "text/html; charset=utf-8",
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
            f'<link rel="icon" href="data:,"><style>{style}</style></head><body><header><nav>{menu}</nav>{way}</header>'
            f"<main><h1>{title}</h1>{f'<p role=status>{escape(flash)}</p>' if flash else ''}{body}</main><script>{script}</script></body></html>",
        )

    def to(self, path: str, flash: str = "", cookie: str | None = None):
        self.flash = "" if self.has("no confirmation") else flash
        more = [("Set-Cookie", f"user={cookie}; Path=/")] if cookie is not None else []
        return (303, "text/html", "", ("Location", path), *more)

    # --- pages -------------------------------------------------------------------------------------------------------

    def get_home(self):
        return self.page("The garden", "<p>Everything about the plants of our garden, and who looks after them.</p>")

    def get_news(self):
        rows = "".join(
            f"<article><h2>{title}</h2><p>{text}</p>{'' if self.has('no dates') else '<p>3 May 2026</p>'}</article>"
            for title, text in (
                ("The pond is full", "After a long winter there are frogs again."),
                ("New benches", "Two benches of oak were put up."),
            )
        )
        return self.page("News", "<p>No news yet.</p>" if self.has("empty news") else rows)

    def get_plants(self):
        term, kind = self.query.get("q", "").lower(), self.query.get("kind", "")
        rows = list(self.plants.items())
        if term and not self.has("search"):
            rows = [(number, plant) for number, plant in rows if term in " ".join(map(str, plant)).lower()]
        if kind and not self.has("filter"):
            rows = [(number, plant) for number, plant in rows if plant[1] == kind]
        if self.query.get("sort") == "price" and not self.has("sort"):
            rows.sort(key=lambda row: row[1][3])
        listed = [(number, plant) for number, plant in rows if not (self.has("unlisted") and number >= 100)]
        kinds = "".join(f"<option{' selected' if kind == name else ''}>{name}</option>" for name in ("Herb", "Flower", "Tree"))
        table = "".join(
            f'<tr><td><a href="/plants/{n}">{escape(p[0])}</a></td><td>{p[1]}</td><td>{p[3]:.2f} €</td></tr>' for n, p in listed
        )
        tools = (
            f'<form role="search"><label>Search plants <input type="search" name="q" value="{escape(term)}"></label></form>'
            f'<form><label>Kind <select name="kind" onchange="form.submit()"><option value="">All</option>{kinds}</select></label></form>'
            '<p><a href="?sort=price">Sort by price</a> <a href="/plants/new">Add plant</a></p>'
        )
        heads = "<thead><tr><th>Name</th><th>Kind</th><th>Price</th></tr></thead>"
        return self.page(
            "Plants", tools + (f"<table>{heads}<tbody>{table}</tbody></table>" if table else "<p>No plants found.</p>")
        )

    def get_plants_one(self):
        if self.has("detail"):
            return self.page("Something went wrong", "<p>Internal server error</p>", status=500)
        name, kind, text, price = self.plants[self.number]
        said = "".join(f"<li>{escape(comment)}</li>" for comment in self.comments.setdefault(self.number, []))
        body = (
            f"<dl><dt>Kind</dt><dd>{kind}</dd><dt>Price</dt><dd>{price:.2f} €</dd></dl><p>{escape(text)}</p>"
            f'<a href="/plants/{self.number}/edit">Edit</a> <form method="post" action="/plants/{self.number}/delete"><button>Delete</button></form>'
            f'<section><h2>Comments</h2><ul>{said}</ul><form method="post" action="/plants/{self.number}/comment">'
            "<label>Your comment <textarea name=text required></textarea></label><button>Post comment</button></form></section>"
        )
        return self.page(escape(name), body)

    def form(self, action: str, values=("", "Herb", "", ""), wrong: str = ""):
        name, _, text, price = values
        said = f'<p class="error" role="alert">{wrong}</p>' if wrong and not self.has("validation") else ""
        return (
            f'{said}<form method="post" action="{action}" novalidate><label>Name <input name="name" value="{escape(str(name))}"></label>'
            f'<label>Kind <select name="kind"><option>Herb</option><option>Flower</option></select></label>'
            f'<label>Description <textarea name="text">{escape(str(text))}</textarea></label>'
            f'<label>Price <input name="price" type="number" min="0" step="0.01" value="{price}"></label><button>Save plant</button></form>'
        )

    def get_plants_new(self):
        return self.page("New plant", self.form("/plants/new"))

    def post_plants_new(self):
        if wrong := self.wrong():
            if not self.has("validation"):
                return self.page("New plant", self.form("/plants/new", wrong=wrong), status=422)
            return self.to("/plants", "The plant was saved.")
        number = next(self.numbers)
        if not self.has("swallow"):
            self.plants[number] = [self.sent["name"], self.sent["kind"], self.sent["text"], float(self.sent["price"] or 0)]
        return self.to("/plants", "The plant was saved.")

    def wrong(self) -> str:
        price = self.sent["price"]
        if not self.sent["name"].strip():
            return "Please enter a name."
        return "The price must not be negative." if price.startswith("-") else ""

    def get_plants_one_edit(self):
        return self.page("Edit plant", self.form(f"/plants/{self.number}/edit", self.plants[self.number]))

    def post_plants_one_edit(self):
        if not self.has("edit"):
            self.plants[self.number][0], self.plants[self.number][2] = self.sent["name"], self.sent["text"]
        return self.to(f"/plants/{self.number}", "Your changes were saved.")

    def post_plants_one_delete(self):
        if not self.has("delete"):
            del self.plants[self.number]
        return self.to("/plants", "The plant was deleted.")

    def post_plants_one_comment(self):
        if not self.has("comment"):
            self.comments[self.number].append(self.sent["text"])
        return self.to(f"/plants/{self.number}", "Thank you for your comment.")

    def get_contact(self):
        form = (
            '<form method="post" action="/contact"><label>Your name <input name="name" required></label><label>E-mail <input type="email" name="email" required></label>'
            "<label>Message <textarea name=text required></textarea></label><button>Send</button></form>"
        )
        return self.page("Contact", form)

    def post_contact(self):
        if self.has("contact"):
            return self.page("Something went wrong", "<p>Internal server error</p>", status=500)
        return self.to("/contact", "Thank you, your message was sent.")

    def get_poll(self):
        rows = "".join(
            f'<li>{name}: {votes} votes <form method="post" action="/poll/vote"><button name="for" value="{name}" aria-label="Vote for {name}">Vote</button></form></li>'
            for name, votes in self.votes.items()
        )
        return self.page("Poll", f"<p>What does the garden need?</p><ul>{rows}</ul>")

    def post_poll_vote(self):
        if not self.has("vote"):
            self.votes[self.sent["for"]] += 1
        return self.to("/poll", "Your vote was counted.")

    def get_pots(self):
        script = "" if self.has("preview") else "tone.onchange = () => pot.setAttribute('fill', tone.value);"
        body = '<svg width="80" height="80"><circle id="pot" cx="40" cy="40" r="30" fill="tan"/></svg><label>Glaze <select id="tone"><option>tan</option><option>teal</option></select></label>'
        return self.page("Design a pot", body, script=script)

    def get_diary(self):
        if not self.user and not self.has("open diary"):
            return self.to("/login")
        return self.page("Diary of the gardener", "<p>On Monday we cut the hedges, and on Tuesday it rained all day.</p>")

    def get_lottery(self):
        script = (
            ""
            if self.has("spin")
            else 'draw.onclick = () => { won.textContent = "Spinning"; setTimeout(() => { won.textContent = "You won a bag of compost."; }, 300); };'
        )
        return self.page("Lottery", LOTTERY, script=script)

    def get_help(self):
        answer = (
            ""
            if self.has("chat")
            else 'setTimeout(() => talk.insertAdjacentHTML("beforeend", "<p>A gardener will be with you soon.</p>"), 300);'
        )
        script = f'f.onsubmit = (e) => {{ e.preventDefault(); const p = document.createElement("p"); p.textContent = f.m.value; talk.append(p); {answer} }};'
        return self.page("Help", CHAT, script=script)

    # --- accounts ----------------------------------------------------------------------------------------------------

    def get_login(self, said: str = ""):
        form = '<form method="post" action="/login"><label>E-mail <input type="email" name="email"></label><label>Password <input type="password" name="password"></label>'
        return self.page("Log in", f"{said and f'<p role=alert>{said}</p>'}{form}<button>Log in</button></form>")

    def post_login(self):
        found = self.people.get(self.sent["email"])
        if found and (found[1] == self.sent["password"] or self.has("open door")):
            return self.to("/", f"Welcome, {found[0]}.", self.sent["email"])
        return self.get_login("E-mail or password is wrong.")

    def get_register(self):
        form = (
            '<form method="post" action="/register"><label>Name <input name="name" required></label><label>E-mail <input type="email" name="email" required></label>'
            '<label>Password <input type="password" name="password" required></label><button>Create account</button></form>'
        )
        return self.page("Register", form)

    def post_register(self):
        if not self.has("register"):
            self.people[self.sent["email"]] = (self.sent["name"], self.sent["password"])
        return self.to("/", f"Welcome, {self.sent['name']}.", self.sent["email"])

    def post_logout(self):
        return self.to("/", "You are logged out.", None if self.has("logout") else "")
