"""Texts of the server by key and language; zh-CN is the source, en mirrors it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "locales"
LANGUAGES = ("zh-CN", "en")
SOURCE = "zh-CN"


@dataclass(frozen=True)
class Texts:
    catalogues: Mapping[str, Mapping[str, str]]

    def get(self, language: str, key: str, /, **params: object) -> str:
        """The text of `key`, filled with `params`; the source language where one is missing."""
        texts = self.catalogues.get(language, self.catalogues[SOURCE])
        text = texts.get(key) or self.catalogues[SOURCE].get(key)
        if text is None:
            return key
        return text.format(**params) if params else text

    def has(self, key: str) -> bool:
        return key in self.catalogues[SOURCE]


def load_texts(folder: Path = FOLDER) -> Texts:
    return Texts({language: _catalogue(folder / f"{language}.po") for language in LANGUAGES})


def _catalogue(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}
