"""The record as a page to read and to print. Every text is in the catalogues."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from uuid import UUID

from server.cases.tables import TimelineEntry
from server.kernel.clock import local
from server.kernel.database import Json
from server.kernel.texts import Texts

STYLE = """
body{font:16px/1.7 "Songti SC","Noto Serif CJK SC",serif;max-width:46em;margin:2em auto;color:#111}
h1{font-size:1.6em;text-align:center}h2{font-size:1.15em;border-bottom:1px solid #999;margin-top:2em}
table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.35em .6em;
vertical-align:top;text-align:left}th{width:9em;font-weight:normal;background:#f3f3f3}
p.text{white-space:pre-wrap}td p.text{margin:0}li{margin:.4em 0}footer{margin-top:3em;font-size:.85em;
word-break:break-all}@page{size:A4;margin:20mm}@media print{body{margin:0}}
"""
FACTS = ("kind", "state", "category", "people", "channel", "registered_at", "first_receiver",
         "lead_unit", "place", "subject_unit")  # fmt: skip
CODED = {
    "kind": "record.kind",
    "state": "record.state",
    "channel": "record.channel",
    "category": "category",
}


@dataclass(frozen=True)
class Printed:
    """What the page shows: the case's facts, and the entries with what lies beside them."""

    case: Json
    entries: Sequence[tuple[TimelineEntry, Json]]
    names: Mapping[UUID, str]
    exported_at: datetime
    key: str


@dataclass(frozen=True)
class _Page:
    printed: Printed
    texts: Texts
    language: str

    def say(self, name: str, **params: object) -> str:
        return escape(self.texts.get(self.language, f"record.{name}", **params))

    def word(self, group: str, value: object) -> str:
        """A code in words; one without a text stands as it is."""
        key = f"{group}.{value}"
        return (
            escape(self.texts.get(self.language, key))
            if self.texts.has(key)
            else escape(str(value))
        )

    def when(self, instant: str | datetime) -> str:
        at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
        return f"{local(at):%Y-%m-%d %H:%M}"


def page(printed: Printed, texts: Texts, language: str) -> str:
    """One HTML document that needs nothing beside itself."""
    made = _Page(printed, texts, language)
    case = printed.case
    title = made.say("title", number=case["number"])
    sections = (
        _facts(made),
        _section(made, "sentence", [f'<p class="text">{escape(case["sentence"])}</p>']),
        _parties(made),
        _decisions(made),
        _timeline(made),
        _papers(made),
    )
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>"
        f"{''.join(sections)}<footer>{made.say('printed_at', when=made.when(printed.exported_at))}"
        f"<br>{made.say('key', key=printed.key)}</footer></body></html>\n"
    )


def readme(texts: Texts, language: str, *, key: str) -> str:
    return texts.get(language, "record.readme", key=key) + "\n"


def _facts(made: _Page) -> str:
    case = made.printed.case
    rows = []
    for name in FACTS:
        value = case[name]
        if value is None:
            continue
        shown = made.when(value) if name == "registered_at" else escape(str(value))
        rows.append((made.say(name), made.word(CODED[name], value) if name in CODED else shown))
    return _table(rows)


def _parties(made: _Page) -> str:
    rows = [
        (made.word("record.role", party["role"]), escape(f"{party['name']} {party['phone'] or ''}"))
        for party in made.printed.case["parties"]
    ]
    return _section(made, "parties", [_table(rows)]) if rows else ""


def _decisions(made: _Page) -> str:
    blocks = []
    for decision in made.printed.case["decisions"]:
        rows = [(made.say("decided_at"), made.when(decision["decided_at"])),
                (made.say("result"), made.word("record.result", decision["result"]))]  # fmt: skip
        rows += [
            (made.say(name), f'<p class="text">{escape(decision[name])}</p>')
            for name in ("instruction_unit", "instruction", "reply")
            if decision[name]
        ]
        if decision["deadline"]:
            rows.append((made.say("deadline"), made.when(decision["deadline"])))
        blocks.append(_table(rows))
    return _section(made, "decisions", blocks) if blocks else ""


def _timeline(made: _Page) -> str:
    items = [
        f"<li>{made.when(entry.at)} {made.word('record.entry', entry.kind)}"
        f"{_told(made, entry, personal)}</li>"
        for entry, personal in made.printed.entries
    ]
    return _section(made, "timeline", ["<ol>", *items, "</ol>"])


def _told(made: _Page, entry: TimelineEntry, personal: Json) -> str:
    """Who did it, and for a session who was there."""
    by = made.printed.names.get(entry.actor_id) if entry.actor_id else None
    names = personal.get("names", {})
    people = [
        f"{made.word('record.role', person['role'])} {escape(names.get(person['participant_id'], ''))}"
        for person in entry.facts.get("people", [])
        if isinstance(person, dict)
    ] if entry.kind == "session" else []  # fmt: skip
    parts = [escape(by)] if by else []
    return "".join(f" · {part}" for part in [*parts, *people])


def _papers(made: _Page) -> str:
    rows = [
        (escape(paper["name"]), f"<small>{escape(paper['sha256'])}</small>")
        for paper in made.printed.case["papers"]
    ]
    return _section(made, "papers", [_table(rows)]) if rows else ""


def _section(made: _Page, title: str, blocks: Iterable[str]) -> str:
    return f"<h2>{made.say(title)}</h2>{''.join(blocks)}"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows)
    return f"<table>{cells}</table>"
