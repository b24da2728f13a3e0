"""What a resident is told of the timeline: an allow-list, kind by kind and fact by fact."""

from collections.abc import Mapping

from server.cases.tables import TimelineEntry
from server.kernel.database import Json

SHOWN: Mapping[str, frozenset[str]] = {
    "registered": frozenset({"number"}),
    "moved": frozenset({"to"}),
    "paper": frozenset({"paper_id"}),
    "booked": frozenset({"reference", "begins_at"}),
    "confirmed": frozenset({"reference", "begins_at"}),
    "time_changed": frozenset({"reference", "begins_at"}),
    "diverted": frozenset({"reference"}),
    "declined": frozenset({"reference"}),
    "cancelled": frozenset({"reference"}),
    "expired": frozenset({"reference"}),
    "mediation_asked": frozenset(),
    "mediation_answered": frozenset(),
    "mediation_scheduled": frozenset({"begins_at"}),
    "session": frozenset({"result", "started_at", "closed_at"}),
    "reply": frozenset({"appointment_id"}),
    "rated": frozenset({"office", "unit"}),
}


def shown(entry: TimelineEntry) -> Json | None:
    """The facts a resident may see; None when the whole entry is not for them."""
    allowed = SHOWN.get(entry.kind)
    if allowed is None or not entry.for_resident:
        return None
    return {name: value for name, value in entry.facts.items() if name in allowed}
