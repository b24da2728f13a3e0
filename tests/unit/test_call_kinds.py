"""Every reason for a call has its words on the clerk's card, in both languages."""

import json
from pathlib import Path

import pytest

from scheduling.tables import CallKind

MESSAGES = Path(__file__).parents[2] / "web" / "src" / "staff" / "messages"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_kind_of_call_has_its_words(language):
    words = json.loads((MESSAGES / language / "calls.json").read_text("utf-8"))["kind"]
    assert set(words) == set(CallKind)
