"""The settings of coturn: a relay to our media and to nowhere else."""

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from server.app.process import say
from server.kernel.config import Config, ConfigError, Turn
from signaling.addresses import host_addresses
from signaling.relays import secret_of

Address = IPv4Address | IPv6Address

TRANSPORTS = 3
LEGS = 2
BUILDS = 3
ALLOCATIONS = TRANSPORTS * LEGS * BUILDS
"""Of one seat at once: those in use, and those of two networks that were left without a word."""

LIFETIME = 150
"""Seconds that a relay is kept for who does not refresh it; browsers do so a minute before."""

NOWHERE = (
    "0.0.0.0-255.255.255.255",
    "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)
SPECIAL = (
    "0.0.0.0-0.255.255.255", "10.0.0.0-10.255.255.255", "100.64.0.0-100.127.255.255",
    "127.0.0.0-127.255.255.255", "169.254.0.0-169.254.255.255", "172.16.0.0-172.31.255.255",
    "192.0.0.0-192.0.0.255", "192.0.2.0-192.0.2.255", "192.88.99.0-192.88.99.255",
    "192.168.0.0-192.168.255.255", "198.18.0.0-198.19.255.255", "198.51.100.0-198.51.100.255",
    "203.0.113.0-203.0.113.255", "224.0.0.0-255.255.255.255",
    "::-::1", "::ffff:0.0.0.0-::ffff:255.255.255.255", "64:ff9b::-64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    "100::-100::ffff:ffff:ffff:ffff", "2001::-2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002::-2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)  # fmt: skip
"""Private, loopback, link-local, shared, mapped, tunnelled, documentation and multicast networks."""

HEAD = """\
# Settings of coturn for Yuntiao, written by `python -m server turn`. This file holds a secret:
# only coturn's user may read it. Port 443 needs CAP_NET_BIND_SERVICE. Run coturn 4.10 or later:
# older ones can be talked round the rules about peers. UDP and TCP come in at listening-port,
# TLS at tls-listening-port; the media answers to UDP from min-port to max-port.
"""


@dataclass(frozen=True)
class Site:
    """Where the relay stands."""

    peers: tuple[Address, ...]
    listen: Address | None = None
    external: Address | None = None
    certificate: Path | None = None
    key: Path | None = None


def run(options: argparse.Namespace, config: Config) -> int:
    if config.media.turn.host is None:
        raise SystemExit("turn: set media.turn.host and media.turn.secret_file first")
    refuse_unset(config)
    if (options.certificate is None) != (options.key is None):
        raise SystemExit("turn: --certificate and --key go together")
    peers = tuple(options.peer) or peers_of(config)
    site = Site(peers, options.listen, options.external, options.certificate, options.key)
    text = settings(config.media.turn, secret_of(config.media.turn), site)
    if options.output is None:
        print(text, end="")
    else:
        write(options.output, text)
        say(f"{options.output}: relays to {', '.join(map(str, peers))} alone")
    return 0


def refuse_unset(config: Config) -> None:
    """A relay without a good secret would be everybody's."""
    turn = config.media.turn
    try:
        if turn.host is not None:
            secret_of(turn)
    except ConfigError as error:
        raise SystemExit(f"settings: {error}") from error


def peers_of(config: Config) -> tuple[Address, ...]:
    """Where our workers answer."""
    if config.media.janus:
        raise SystemExit("turn: name the addresses of the Janus instances with --peer")
    return tuple(ip_address(one) for one in config.media.addresses or host_addresses())


def settings(turn: Turn, secret: str, site: Site) -> str:
    """The whole file. Allowed peers win over denied ones, and everything is denied."""
    lines = [
        *_listening(turn, site),
        "fingerprint",
        "use-auth-secret",
        f"static-auth-secret={secret}",
        f"realm={turn.host}",
        "stale-nonce=600",
        f"user-quota={ALLOCATIONS}",
        f"total-quota={turn.max_port - turn.min_port + 1}",
        f"max-allocate-lifetime={LIFETIME}",
        "no-tcp-relay",
        "no-multicast-peers",
        "no-cli",
        "no-rfc5780",
        "no-stun-backward-compatibility",
        "no-software-attribute",
        "no-dynamic-ip-list",
        "no-dynamic-realms",
        *_peers(site.peers),
    ]
    return HEAD + "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """Readable by its owner alone from the first byte."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _listening(turn: Turn, site: Site) -> Iterable[str]:
    yield f"listening-port={turn.port}"
    if site.listen is not None:
        yield f"listening-ip={site.listen}"
        yield f"relay-ip={site.listen}"
    if site.external is not None:
        own = f"/{site.listen}" if site.listen is not None else ""
        yield f"external-ip={site.external}{own}"
    yield f"min-port={turn.min_port}"
    yield f"max-port={turn.max_port}"
    if site.certificate is None:
        yield "no-tls"
    else:
        yield f"tls-listening-port={turn.tls_port}"
        yield f"cert={site.certificate.absolute()}"
        yield f"pkey={site.key.absolute() if site.key else ''}"
        yield "no-tlsv1"
        yield "no-tlsv1_1"
    yield "no-dtls"


def _peers(allowed: Iterable[Address]) -> Iterable[str]:
    for address in allowed:
        yield f"allowed-peer-ip={address}"
    for network in (*NOWHERE, *SPECIAL):
        yield f"denied-peer-ip={network}"
