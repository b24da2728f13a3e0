"""The command that writes coturn's settings: what it writes, for whom to read, and when it will not."""

import stat

import pytest

from server.__main__ import parser
from server.app import commands
from server.app.turn import ALLOCATIONS, LIFETIME
from server.kernel.config import load
from signaling.engine import Leg
from signaling.relays import relays_of

SECRET = "a secret of more than thirty-two characters"


@pytest.fixture
def settings(tmp_path):
    """Settings by keys of the turn section."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")

    def made(**keys):
        keys = {"host": "turn.example.cn", "secret_file": str(secret)} | keys
        given = {f"YUNTIAO_MEDIA__TURN__{k.upper()}": v for k, v in keys.items() if v}
        return load(None, given | {"YUNTIAO_MEDIA__ADDRESSES": "203.0.113.5,2001:db8::5"})

    return made


def run(config, *words: str) -> int:
    return commands.run(parser().parse_args(["turn", *words]), config)


def test_file_relays_to_the_media_alone_and_is_its_owners(settings, tmp_path):
    file = tmp_path / "turnserver.conf"
    file.write_text("older")
    file.chmod(0o644)
    pem = ("--certificate", "/etc/relay.crt", "--key", "/etc/relay.key")
    assert run(settings(), "--output", str(file), *pem) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = file.read_text().splitlines()
    assert [one for one in lines if one.startswith("allowed-peer-ip")] == [
        "allowed-peer-ip=203.0.113.5", "allowed-peer-ip=2001:db8::5",
    ]  # fmt: skip
    for line in (
        "use-auth-secret", f"static-auth-secret={SECRET}", "realm=turn.example.cn", "no-cli",
        "listening-port=3478", "tls-listening-port=443", "cert=/etc/relay.crt", "min-port=49160",
        "no-multicast-peers", "no-tcp-relay", "stale-nonce=600", "user-quota=18",
        "max-allocate-lifetime=150",
        "denied-peer-ip=0.0.0.0-255.255.255.255", "denied-peer-ip=100.64.0.0-100.127.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ):  # fmt: skip
        assert line in lines


def test_a_seat_may_leave_two_networks_without_a_word_and_still_have_a_relay(settings):
    relays = relays_of(settings().media.turn)
    assert relays is not None
    build = len(relays.urls) * len(Leg)
    assert 3 * build <= ALLOCATIONS
    assert LIFETIME < 180


def test_other_peers_can_be_named(settings, capsys):
    assert run(settings(), "--peer", "198.51.100.7") == 0
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if line.startswith("allowed-peer-ip")] == [
        "allowed-peer-ip=198.51.100.7"
    ]


@pytest.mark.parametrize(
    ("keys", "words", "why"),
    [
        ({"host": ""}, (), "turn: set media.turn.host"),
        ({}, ("--certificate", "x.pem"), "turn: --certificate and --key go together"),
        ({"secret_file": "/nowhere"}, (), "settings: media.turn.secret_file:"),
        ({"secret_file": "/dev/null"}, (), "settings: media.turn.secret_file: 32 printable"),
    ],
)
def test_refusal_is_one_line(settings, keys, words, why):
    with pytest.raises(SystemExit) as refused:
        run(settings(**keys), *words)
    assert str(refused.value).startswith(why)
    assert "\n" not in str(refused.value)
