"""On the way out: what runs is let end, nothing new is begun, and whoever asks is told so."""

from dataclasses import dataclass

from aiohttp import web


@dataclass
class Draining:
    is_on: bool = False


DRAINING = web.AppKey("draining", Draining)
