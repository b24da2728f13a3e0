"""Settings: where they come from, and what is refused with one line."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile
from pathlib import Path

import pytest

from server.kernel.config import Config, ConfigError, Section, load


def test_environment_wins_over_file_over_defaults(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('[server]\nport = 1000\nhost = "0.0.0.0"\n[media]\naddresses = ["10.0.0.1"]\n')
    config = load(file, {"YUNTIAO_SERVER__PORT": "2000", "HOME": "/", "YUNTIAO_MAIL__HOST": "m"})
    assert (config.server.port, config.server.host) == (2000, "0.0.0.0")
    assert (config.mail.host, config.mail.port) == ("m", 25)
    assert config.media.addresses == ("10.0.0.1",)


def test_lists_come_from_the_environment_by_commas():
    config = load(None, {"YUNTIAO_MEDIA__ADDRESSES": "10.0.0.1, 10.0.0.2"})
    assert config.media.addresses == ("10.0.0.1", "10.0.0.2")


def test_sections_within_sections_come_from_the_environment():
    secret = {"YUNTIAO_MEDIA__TURN__SECRET_FILE": "/secret"}
    config = load(None, {"YUNTIAO_MEDIA__TURN__HOST": "turn.example", **secret})
    assert config.media.turn.host == "turn.example"


def test_defaults_hold():
    assert load(None, {}) == Config()
    assert Config().scheduling.hold_lifetime == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("YUNTIAO_SERVER__PORTT", "1", "server.portt"),
        ("YUNTIAO_SERVER__PORT", "99999", "server.port"),
        ("YUNTIAO_NOWHERE__X", "1", "nowhere"),
        ("YUNTIAO_SMS__GATEWAY", "http", "sms.url"),
        ("YUNTIAO_MEDIA__TURN__HOST", "turn.example", "media.turn.secret_file"),
        ("YUNTIAO_MEDIA__TURN__PORT", "0", "media.turn.port"),
        ("YUNTIAO_MEDIA__TURN__MIN_PORT", "60000", "media.turn.max_port"),
        ("YUNTIAO_IDENTITY__CODE_TRIES", "0", "identity.code_tries"),
    ],
)
def test_wrong_setting_is_one_line_that_names_it(name, value, key):
    with pytest.raises(ConfigError) as caught:
        load(None, {name: value})
    text = str(caught.value)
    assert text.startswith(f"{key}:")
    assert "\n" not in text


def test_config_file_at_the_top_holds_every_default_and_names_every_key():
    file = Path(__file__).parents[2] / "config.toml"
    assert load(file, {}) == Config()
    lines = file.read_text("utf-8").splitlines()
    for section, values in _sections(Config()):
        start = next(at for at, line in enumerate(lines) if line.startswith(f"[{section}]")) + 1
        named = {
            line.lstrip("# ").partition(" =")[0] for line in _until_next_section(lines[start:])
        }
        keys = {key for key, value in values if not isinstance(value, Section)}
        assert keys <= named, section


def _sections(values: Section, path: str = "") -> Iterator[tuple[str, Section]]:
    for key, value in values:
        if isinstance(value, Section):
            yield f"{path}{key}", value
            yield from _sections(value, f"{path}{key}.")


def _until_next_section(lines: list[str]) -> Iterator[str]:
    return takewhile(lambda line: not line.startswith("["), lines)
