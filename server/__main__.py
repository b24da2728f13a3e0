"""The command line: python -m server serve | demo | migrate | seed | schema | turn | admin."""

import argparse
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import TypeAlias

from server.kernel.actor import Role
from server.kernel.config import ConfigError, load

DEFAULT_CONFIG = Path("config.toml")
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m server", description=__doc__)
    top.add_argument(
        "--config", type=Path, help="settings file (default: config.toml if it exists)"
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    _add_servers(commands)
    migrate = _command(commands, "migrate", "bring the database's tables up to date")
    migrate.add_argument("--down", metavar="REVISION", help="go back to a revision")
    seed = _command(
        commands, "seed", "fill an empty database: units, calendar, first administrator"
    )
    seed.add_argument("--units", type=Path, metavar="FILE", help="another district's units (TOML)")
    seed.add_argument("--admin", default="admin", metavar="LOGIN", help="the administrator's name")
    schema = _command(commands, "schema", "OpenAPI and the client's types")
    how = schema.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="write the generated files")
    how.add_argument("--check", action="store_true", help="fail when they are stale")
    _add_turn(_command(commands, "turn", "write the settings of coturn, the relay beside us"))
    _add_admin(
        _command(commands, "admin", "accounts, sign-ins, audit trail, exported records, jobs")
    )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    if options.command == "schema":
        from server.http import generated

        return generated.run(write=options.write, check=options.check)
    path = options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    try:
        config = load(path)
    except ConfigError as error:
        print(f"settings: {error}", file=sys.stderr)
        return 2
    if options.command == "demo":
        from server import demo

        return demo.run(config, tied=options.tied, reset=options.reset, lan_wanted=options.lan)
    from server.app import commands

    return commands.run(options, config)


def _add_servers(commands: Commands) -> None:
    serve = _command(commands, "serve", "run the server for real use")
    demo = _command(commands, "demo", "run a demo district with accounts and seeded data")
    for command in (serve, demo):
        command.add_argument("--tied", action="store_true", help="end when the starter ends")
    demo.add_argument("--reset", action="store_true", help="start with a clean slate")
    demo.add_argument(
        "--lan", action="store_true", help="HTTPS with a local certificate, for phones"
    )


def _add_turn(turn: argparse.ArgumentParser) -> None:
    turn.add_argument("--output", type=Path, metavar="FILE", help="where to (default: the screen)")
    turn.add_argument("--peer", action="append", default=[], type=ip_address, metavar="ADDRESS",
                      help="where media is carried, if not at media.addresses (repeat it)")  # fmt: skip
    turn.add_argument("--listen", type=ip_address, metavar="ADDRESS",
                      help="the relay's own address (default: all of its host)")  # fmt: skip
    turn.add_argument("--external", type=ip_address, metavar="ADDRESS",
                      help="the address that the world sees, when the relay is behind NAT")  # fmt: skip
    turn.add_argument(
        "--certificate", type=Path, metavar="FILE", help="for TLS, PEM with its chain"
    )
    turn.add_argument("--key", type=Path, metavar="FILE", help="its private key, PEM")


def _add_admin(admin: argparse.ArgumentParser) -> None:
    things = admin.add_subparsers(dest="thing", required=True, metavar="thing")
    user = _actions(things, "user", "staff accounts")
    add = _command(user, "add", "add an account; the password is asked for, or read from stdin")
    add.add_argument("login")
    add.add_argument("--name", required=True, help="as others see it")
    add.add_argument("--role", required=True, type=Role, choices=list(Role), metavar="ROLE",
                     help=", ".join(Role))  # fmt: skip
    add.add_argument("--unit", required=True, metavar="CODE", help="where the role is held")
    for name, text in (
        ("disable", "shut an account and end its sign-ins"),
        ("password", "set a new password; it is asked for, or read from stdin"),
    ):
        _command(user, name, text).add_argument("login")
    sessions = _actions(things, "sessions", "sign-ins")
    _command(sessions, "revoke", "end all sign-ins of an account").add_argument("login")
    audit = _actions(things, "audit", "the audit trail")
    _command(audit, "verify", "check that no sealed line was altered or taken away")
    verify = _command(things, "case-verify", "check a case's exported record")
    verify.add_argument("file", type=Path)
    verify.add_argument("--key", metavar="HEX", help="the public key that must have signed it")
    jobs = _actions(things, "jobs", "what is to happen later")
    _command(jobs, "list", "jobs that failed or are overdue")
    _command(jobs, "retry", "try a job that failed for good again").add_argument("id", type=int)


def _command(commands: Commands, name: str, text: str) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=text, description=text)


def _actions(things: Commands, name: str, text: str) -> Commands:
    return _command(things, name, text).add_subparsers(
        dest="action", required=True, metavar="action"
    )


if __name__ == "__main__":
    sys.exit(main())
