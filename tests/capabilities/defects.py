# ruff: noqa: T201  # its table is for people
"""Defects that are planted into generated projects: what is wrong, where it is planted, and which gate must turn red.

``python -m tests.capabilities.defects`` prints the table; ``test_defects.py`` plants every one and shows the gate red.

``file`` is a path of the project, ``find`` a passage that must stand in it exactly once, ``plant`` what takes its place.
``{name}`` and ``{slug}`` in ``file`` and ``seen`` are those of the capability's use. ``seen`` is where the defect shows: a test of
the backend, a group and test of the pages, a browser check, a page, a command, or a path of the contract.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class By(StrEnum):
    """What looks at the planted project."""

    API = "tests of the backend"
    FILES = "a search through all files"
    CONTRACT = "the contract beside what is served"
    COMMAND = "a command of the stack"
    UNIT = "tests of the pages"
    WALK = "checks in the browser"
    LOOK = "pages in the browser"


#: What needs no browser and no JavaScript: quick enough to be shown on every change
QUICK = (By.API, By.FILES)


class Defect(NamedTuple):
    kind: str
    capability: str
    file: str
    find: str
    plant: str
    seen: str
    gate: str = "tests"
    by: By = By.API

    @property
    def quick(self) -> bool:
        return self.by in QUICK


def api(capability: str, kind: str, seen: str, find: str, plant: str, file: str = "app/features/{name}.py") -> Defect:
    """Planted into the backend, seen by the test ``test_<seen>`` of the capability."""
    return Defect(kind, capability, f"backend/{file}", find, plant, f"backend/tests/test_{{name}}.py::test_{seen}")


def unit(capability: str, kind: str, seen: str, find: str, plant: str, file: str) -> Defect:
    """Planted into the pages, seen by a test of theirs ("group > test")."""
    folder = "frontend/src/features/{slug}/"
    return Defect(kind, capability, folder + file, find, plant, f"{folder}{{slug}}.test.tsx::{seen}", by=By.UNIT)


def walk(capability: str, kind: str, seen: str, find: str, plant: str, file: str) -> Defect:
    """Planted anywhere, seen by a check in the browser."""
    return Defect(kind, capability, file, find, plant, f"{{slug}}.{seen}", "walks", By.WALK)


def look(capability: str, kind: str, seen: str, find: str, plant: str, file: str, gate: str = "rendering") -> Defect:
    """Planted into a page, seen by a look at it: ``seen`` is the check of ``visual/checks`` and the page."""
    return Defect(kind, capability, "frontend/src/features/{slug}/" + file, find, plant, seen, gate, By.LOOK)


def contract(capability: str, seen: str, kind: str, find: str, plant: str, file: str = "app/features/{name}.py") -> Defect:
    """Planted into the backend, seen by the comparison of what is declared and served."""
    return Defect(kind, capability, f"backend/{file}", find, plant, seen, "conflicts", By.CONTRACT)


SCHEMA = "app/schemas/{name}.py"

BACKEND = (
    # shops
    api("cart", "one piece in the cart counts twice", "add_puts_a_record_into_ones_own_cart",
        "        quantity = body.quantity\n", "        quantity = 2 * body.quantity\n"),
    api("cart", "a second piece takes the place of the first", "add_of_the_same_record_adds_to_its_line",
        "quantity=Line.quantity + body.quantity", "quantity=body.quantity"),
    api("cart", "the total of the cart is rounded", "add_counts_in_cents",
        "        total=price * line.quantity,", "        total=Decimal(round(price)) * line.quantity,"),
    api("cart", "checkout sells what is not in stock", "checkout_sells_no_more_than_there_is",
        "or_(stock.is_(None), stock >= quantity)", "or_(stock.is_(None), stock >= 0)"),
    api("cart", "orders of others can be read", "orders_shows_ones_own_newest_first",
        "    if order.user_id != user.id:\n", "    if order.user_id < 0:\n"),
    api("cart", "checkout takes any card number", "checkout_refuses_a_wrong_card_and_keeps_the_cart",
        "    if not is_card(body.card_number):", "    if not body.card_number:"),
    api("configure", "choices cost nothing", "design_costs_what_the_rule_says", "(100 + percent) / 100", "100 / 100"),
    api("stock", "the stock goes below zero", "move_never_goes_below_zero_or_above_the_highest",
        "else stored >= amount", "else stored >= 0"),
    # bookings and applications
    api("book", "bookings may overlap", "book_refuses_what_is_taken",
        "Booking.ends_at > starts_at", "Booking.starts_at >= starts_at"),
    api("book", "two who book at the same moment both get it", "book_gives_the_same_time_once_even_at_the_same_moment",
        "db.scalar(update(Record).where(Record.id == id).values(id=Record.id).returning(Record))", "db.get(Record, id)"),
    api("book", "every booking costs one day", "book_keeps_the_time_and_its_price", " * times\n", "\n"),
    api("join", "one account applies twice", "send_once_for_every_account_and_record",
        '    if entry is not None and entry.state != "withdrawn":', '    if entry is not None and entry.state == "lost":'),
    api("join", "everybody may decide", "decide_is_for_those_who_decide",
        "    if not decides(user, record):", "    if not user.id:"),
    # what people say and choose
    api("reviews", "a review has six stars", "add_refuses_what_is_not_valid", "Field(ge=1, le=5)", "Field(ge=1, le=6)", SCHEMA),
    api("reviews", "the average is that of everything", "read_gives_the_average_and_the_newest_first",
        "select(func.avg(Review.stars)).where(Review.record_id == id)", "select(func.max(Review.stars)).where(Review.record_id == id)"),
    api("comments", "anybody deletes any comment", "remove_of_anothers_is_for_who_may_delete",
        "    if entry.user_id != user.id:\n", "    if entry.user_id < 0:\n"),
    api("vote", "a changed vote counts twice", "cast_counts_one_vote_an_account_and_lets_it_be_changed",
        "        votes=sum(votes),", "        votes=2 * sum(votes),"),
    api("vote", "votes are taken after the end", "cast_is_refused_after_the_last_day",
        "last < clock.now().date()", "last > clock.now().date()"),
    api("upvote", "equal votes do not share a place", "rank_puts_the_most_votes_first_and_shares_places",
        "func.rank()", "func.row_number()"),
    api("favourites", "what others saved is listed", "list_is_ones_own",
        "select(Saved).where(Saved.user_id == user.id)", "select(Saved).where(Saved.user_id > 0)"),
    api("favourites", "collections of others can be changed", "collect_names_a_collection_and_empties_it",
        "Saved.id == id, Saved.user_id == user.id", "Saved.id == id"),
    api("follow", "followers of everything are counted", "follow_counts_followers_of_one_record_alone",
        "select(func.count()).select_from(Follower).where(Follower.record_id == id)", "select(func.count()).select_from(Follower)"),
    api("follow", "what was new before is news", "notify_tells_of_what_came_after_the_following",
        "source.model.created_at > Follower.created_at", "source.model.created_at > LONG_AGO"),
    # members
    api("profile", "one becomes a friend without being asked", "friends_ask_and_accept",
        "tie(db, user.id, id, accepted=False)", "tie(db, user.id, id, accepted=True)"),
    api("profile", "inviting an older account gives points", "invite_of_a_younger_account_gives_no_points",
        "(host.created_at, host.id) < (user.created_at, user.id)", "host.id > 0"),
    api("accounts", "the last administrator can be locked out", "lock_of_the_last_administrator_is_refused",
        "== {id}:", "== {-id}:"),
    api("chat", "conversations of others can be read", "write_is_for_who_takes_part",
        "select(ChatThread).where(ChatThread.id == id, own(user))", "select(ChatThread).where(ChatThread.id == id)"),
    api("clock", "hours are cut to whole ones", "days_add_up_and_show_absences",
        ".total_seconds() // 60)", ".total_seconds() // 3600) * 60"),
    # forms and files
    api("contact", "a message is thanked for and not kept", "send_stores_what_a_visitor_wrote",
        "    db.add(message)\n    db.commit()", "    db.add(message)\n    db.flush()"),
    api("newsletter", "an address is on the list twice", "subscribe_keeps_an_address_once",
        "    email = body.email.lower()\n", "    email = body.email\n"),
    api("import", "rows with mistakes are written", "import_writes_nothing_when_one_row_is_wrong",
        "    if wrong:\n", "    chosen = [line for line in chosen if not line.errors]\n    if not chosen:\n"),
    api("import", "a value is imported twice", "import_takes_no_value_twice", "        taken.add(value)", "        pass"),
    api("files", "files of any kind are taken", "upload_refuses_other_kinds",
        '    raise Problem(422, said, {"content": said})', '    return "text/html"'),
    api("files", "files of others can be deleted", "remove_of_anothers_file_is_for_who_may_delete",
        "    if file.user_id != user.id:\n", "    if file.user_id < 0:\n"),
    api("outbox", "messages of others can be read", "draft_of_somebody_else_does_not_exist",
        "Message.id == id, Message.user_id == user.id", "Message.id == id"),
    # figures
    api("leaderboard", "the board is sorted upward", "rank_gives_equal_numbers_the_same_place",
        "groups.c.total.desc()", "groups.c.total.asc()"),
    api("report", "the file lacks a column", "download_gives_a_file_with_all_rows",
        "zip(columns, row, strict=True)])", "zip(columns[1:], row[1:], strict=True)])"),
    api("report", "the total is that of one row", "see_adds_up_exactly",
        'func.sum(self.value) if self.adds == "sum"', 'func.max(self.value) if self.adds == "sum"'),
    api("report", "a filter is ignored", "see_narrows_by_every_choice",
        'for part in (query.filters or "").split(",") if query.filters else ():', "for part in ():"),
    api("report", "a text of the file is a formula", "download_gives_no_text_that_is_a_formula",
        """return f"'{text}" if text.startswith(FORMULA) else text""", "return text"),
    api("progress", "progress is more than all", "overview_says_what_is_done_and_what_is_next",
        "        done=sum(item.done for item in items),\n        current", "        done=len(items) + 1,\n        current"),
    api("alerts", "no alert is raised", "alert_is_raised_by_every_kind_of_rule_that_fits",
        "for rule in connection.execute(rules) if fits(rule, record)]", "for rule in ()]"),
    # search
    api("site-search", "words of the search are ignored", "find_says_when_nothing_is_there",
        "place.query(q=query.q, page_size=MOST)", "place.query(page_size=MOST)"),
    api("site-search", "visitors find what is not theirs to see", "find_shows_visitors_only_what_they_may_read",
        "if not (place.open or user):", "if not place.slug:"),
    api("chatbot", "visitors are answered from closed records", "ask_shows_visitors_what_they_may_see_alone",
        "source.closed", "not source.kind"),
    # games
    api("quiz", "answers are taken after the time", "exam_ends_when_the_time_is_up",
        '    if late(attempt):\n        raise Problem(409', '    if not attempt.id:\n        raise Problem(409'),
    api("quiz", "an exam tells its answers", "exam_tells_nothing_before_it_is_finished",
        "known = attempt.finished_at is not None", "known = True"),
    api("spin", "the wheel always stops at the same place", "spin_gives_every_place_its_share",
        "ticket = secrets.randbelow(sum(weights))", "ticket = sum(weights) - 1"),
    api("spin", "every prize is as likely as the others", "spin_draws_by_weight",
        "secrets.randbelow(sum(weights))\n    return bisect_right(list(accumulate(weights)), ticket)",
        "secrets.randbelow(sum(weights))\n    return ticket % len(weights)"),
    api("game-2048", "a worse game takes the place of the best", "best_keeps_the_highest_score_and_tile",
        "case((Best.best < body.score, body.score), else_=Best.best)", "case((Best.best < 0, Best.best), else_=body.score)"),
    api("word-games", "rounds of others are added up", "progress_adds_up_rounds_by_game_and_account",
        "sums.where(Round.user_id == user.id)", "sums.where(Round.user_id > 0)"),
    api("canvas", "what another window saved is lost", "save_refuses_to_undo_what_another_window_saved",
        "Diagram.id == row.id, Diagram.revision == body.revision", "Diagram.id == row.id"),
    api("ads", "what has ended is advertised", "show_leaves_out_what_does_not_run",
        'AdSpace.status.in_(["running"])', "AdSpace.id > 0"),
    # the project itself
    api("faq", "a handler fails", "read_gives_questions_with_answers",
        "    return ", '    raise RuntimeError("no")\n    return '),
    api("reviews", "a test is skipped", "add_takes_one_review_an_account",
        "def test_add_takes_one_review_an_account", '@pytest.mark.skip(reason="later")\ndef test_add_takes_one_review_an_account',
        "tests/test_{name}.py"),
    Defect("a dependency is not pinned", "reviews", "backend/requirements.txt", "\nuvicorn==", "\nuvicorn>=",
           "backend/tests/test_locks.py::test_every_dependency_is_pinned_and_has_hashes"),
)  # fmt: skip

FILES = (
    Defect("a secret stands in the code", "contact", "backend/app/features/{name}.py", "\nAN_HOUR = 5",
           '\nKEY = "AKIA' + 'IOSFODNN7EXAMPLE"\nAN_HOUR = 5', "AWS access key", "secrets", By.FILES),
)  # fmt: skip

CONTRACTS = (
    contract("reviews", "field GET /api/{entity}/{}/reviews", "a field of an answer has another name",
             "    average: kinds.Number | None\n", "    mean: kinds.Number | None\n", SCHEMA),
    contract("leaderboard", "type GET /api/{slug}", "a number is sent as a text", "    records: int\n", "    records: str\n", SCHEMA),
    contract("contact", "missing_endpoint PATCH /api/{slug}/{}", "an operation is not served", '@router.patch("/{id}")\n', ""),
    contract("vote", "method POST /api/{slug}/{}/vote", "an operation has another method",
             '@router.post("/{id}/vote")', '@router.put("/{id}/vote")'),
    contract("favourites", "auth GET /api/{slug}", "a list is open to everybody",
             "(db: Db, user: CurrentUser) -> list[", "(db: Db, user: AnyUser) -> list["),
)  # fmt: skip

COMMANDS = (
    Defect("a text of people is shown as a page of its own", "comments", "frontend/src/features/{slug}/Comments.tsx",
           '<p className="prose">{entry.text}</p>', '<p className="prose" dangerouslySetInnerHTML={{ __html: entry.text }} />',
           "frontend-format", "tests", By.COMMAND),
    Defect("a type is wrong", "calculator", "frontend/src/features/{slug}/formulas.ts", "monthly(amount: number,", "monthly(amount: string,",
           "frontend-types", "tests", By.COMMAND),
    Defect("an import is not used", "faq", "backend/app/features/{name}.py", "\nfrom fastapi import APIRouter", "\nimport os\n\nfrom fastapi import APIRouter",
           "backend-lint", "tests", By.COMMAND),
    Defect("the pages cannot be built", "about", "frontend/src/features/{slug}/AboutPage.tsx", 'from "./queries"', 'from "./query"',
           "frontend-build", "tests", By.COMMAND),
)  # fmt: skip

UNITS = (
    unit("calculator", "a unit is converted wrongly", "calculate > units", "value / 1.609344)", "value / 1.852)", "formulas.ts"),
    unit("compare", "the comparison shows the values of another record", "differ > shows every field",
         "text: value(record) }))", "text: value(records[0] ?? record) }))", "ComparePage.tsx"),
    unit("board", "a move that was refused is claimed", "move > says why it was refused, and leaves the card where it was",
         "      toast(errorMessage(error));", "      toast(`Moved to ${label}.`);", "BoardColumn.tsx"),
    unit("board", "who may not change anything moves cards", "move > is not for who may not change anything",
         "{can.write && (", "{(can.write || record.id > 0) && (", "BoardCard.tsx"),
    unit("wizard", "a step is left out", "wizard > goes through all steps, reviews, and creates the record",
         "if (step < REVIEW) return go(step + 1);", "if (step < REVIEW) return go(step + 2);", "WizardForm.tsx"),
    unit("wizard", "a step that lacks something is left", "wizard > is not left while something is missing, and going back keeps what was typed",
         "next > step ? stepOf(found)", "next < step ? stepOf(found)", "WizardForm.tsx"),
    unit("wizard", "the focus is lost when the step changes", "wizard > keeps what was typed when one goes back",
         "heading.current?.focus();", "heading.current?.blur();", "WizardForm.tsx"),
    unit("progress", "the bar is longer than all", "overview > says what is done and what is next, and counts what is ticked",
         "Math.round((done / total) * 100)", "Math.round((done / total) * 200)", "Bar.tsx"),
    unit("mini-game", "the fewest tries are forgotten", "play > ends when all pairs are found, and remembers the fewest tries",
         "next.tries < best", "next.tries > best", "MemoryPage.tsx"),
    unit("game-2048", "nobody is told that the game is won", "move > is won with 2048, and can be played on",
         '? "now" : game.won', '? "before" : game.won', "game.ts"),
    unit("newsletter", "a cell of the file is a formula", "manage > makes formulas texts", "? `'${value}` : value", "? value : value", "csv.ts"),
    unit("canvas", "a move cannot be undone", "move > goes by the arrow keys, and is undone",
         "onClick={undo}", "onClick={() => undefined}", "EditorPage.tsx"),
    unit("vote", "closed votes are offered", "cast > is not offered when it is closed, nor without options",
         "{ballot.closed ? (\n", "{!ballot.title ? (\n", "Ballot.tsx"),
)  # fmt: skip

API_FILE = "backend/app/features/{name}.py"
PAGES = "frontend/src/features/{slug}/"

WALKS = (
    walk("cart", "what is put into the cart is gone", "add.1", "    db.commit()\n    return cart", "    db.rollback()\n    return cart", API_FILE),
    walk("contact", "an answer takes half a minute", "send.1", "    message = ContactMessage(", '    __import__("time").sleep(30)\n    message = ContactMessage(', API_FILE),
    walk("comments", "the newest stands last", "write.2", "Entry.created_at.desc(), Entry.id.desc()", "Entry.created_at, Entry.id", API_FILE),
    walk("spin", "what was won is forgotten", "wins.3", "    db.add(win)\n    db.commit()", "    db.add(win)\n    db.flush()", API_FILE),
    walk("newsletter", "the file has another name", "manage.3", '"subscribers.csv"', '"list.csv"', PAGES + "SubscribersPage.tsx"),
    walk("board", "cards cannot be dragged", "move.3", "draggable={can.write}", "draggable={false}", PAGES + "BoardCard.tsx"),
    walk("calculator", "a result is cut to whole numbers", "calculate.1", "value: two.format(payment) }", "value: whole.format(payment) }", PAGES + "formulas.ts"),
    walk("faq", "a page waits for an answer that never comes", "read.1", "queryFn: () => take(", "queryFn: () => new Promise<never>(() => undefined) ?? take(", PAGES + "queries.ts"),
    walk("compare", "only one record is remembered", "choose.1", "ids.slice(0, MOST)", "ids.slice(0, 1)", PAGES + "chosen.ts"),
)  # fmt: skip

LOOKS = (
    look("contact", "a field has no label", "axe on contact", '''<Field label="Subject" error={form.errors.subject}>
        <Input name="subject" />
      </Field>''', '<input name="subject" />', "ContactPage.tsx", "accessibility"),
    look("leaderboard", "a text has too little contrast", "axe on {slug}", "  height: 2.5rem;\n  color: var(--muted);", "  height: 2.5rem;\n  color: #ccc;",
         "style.css", "accessibility"),
    look("calculator", "a page is too wide for a phone", "overflow on calculator", ".calculator-kinds {\n", ".calculator-kinds {\n  min-width: 700px;\n", "style.css"),
    look("about", "a page says an error in the console", "console on about", "export function AboutPage() {\n", 'export function AboutPage() {\n  console.error("no such state");\n', "AboutPage.tsx"),
    look("spin", "a button does nothing", "controls on {slug}", "onClick={() => void turn()}", "onClick={() => undefined}", "SpinPage.tsx"),
    look("faq", "a link leads nowhere", "controls on {slug}", 'to="/faq-entries"', 'to="/faq-nowhere"', "FaqPage.tsx"),
    look("newsletter", "a page asks for what is not there", "network on newsletter", "export function NewsletterPage() {\n",
         'export function NewsletterPage() {\n  void fetch("/api/nothing-here");\n', "NewsletterPage.tsx"),
    look("quiz", "a page is never drawn the same", "determinism on {slug}", 'title="Practice and exams"',
         "title={`Practice and exams ${crypto.getRandomValues(new Uint32Array(1))[0]}`}", "StartPage.tsx"),
)  # fmt: skip

DEFECTS = (*BACKEND, *FILES, *CONTRACTS, *COMMANDS, *UNITS, *WALKS, *LOOKS)


def main() -> None:
    width = max(len(defect.kind) for defect in DEFECTS)
    for defect in DEFECTS:
        when = "every change" if defect.quick else "make capabilities"
        print(f"{defect.kind:{width}}  {defect.capability:12} → {defect.gate:14} {defect.by} ({when})")
    print(
        f"{len(DEFECTS)} defects of {len({d.capability for d in DEFECTS})} capabilities, {len({d.gate for d in DEFECTS})} gates"
    )


if __name__ == "__main__":
    main()
