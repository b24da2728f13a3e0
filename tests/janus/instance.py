"""A Janus instance of a test's own: its folder, its ports, its end."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

PLUGINS = next(iter(sorted(Path("/usr/lib").glob("*/janus"))), Path("/usr/lib/janus"))
GENERAL = """
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{plugins}/plugins"
  transports_folder = "{plugins}/transports"
  events_folder = "{plugins}/events"
  loggers_folder = "{plugins}/loggers"
  debug_level = 3
  {access}
  admin_secret = "{secret}"
}}
media: {{ rtp_port_range = "{first}-{last}" }}
nat: {{ ice_lite = true ice_ignore_list = "vmnet" }}
plugins: {{ disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }}
transports: {{ disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }}
"""
WEBSOCKETS = """
general: {{ json = "compact" ws = true ws_port = {port} ws_ip = "127.0.0.1" wss = false }}
admin: {{ admin_ws = true admin_ws_port = {admin} admin_ws_ip = "127.0.0.1" admin_wss = false }}
"""


@dataclass(frozen=True)
class Janus:
    url: str
    port: int
    secret: str
    pid: int
    admin_url: str

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


@contextlib.asynccontextmanager
async def janus(
    *,
    arguments: tuple[str, ...] = (),
    first: int = 20_000,
    port: int | None = None,
    token_secret: str | None = None,
    string_ids: bool = True,
) -> AsyncIterator[Janus]:
    """Debian's Janus with only the video room, until the block ends.

    With a token secret it asks for tokens that were signed by it, instead of the API's secret.
    """
    with _folder() as folder:
        port, admin, secret = port or free_port(), free_port(), "yuntiao"
        access = f'api_secret = "{secret}"'
        if token_secret:
            access = f'token_auth = true token_auth_secret = "{token_secret}"'
        ports = {"first": first, "last": first + 1_999}
        general = GENERAL.format(
            folder=folder, plugins=PLUGINS, secret=secret, access=access, **ports
        )
        (folder / "janus.jcfg").write_text(general)
        (folder / "janus.transport.websockets.jcfg").write_text(
            WEBSOCKETS.format(port=port, admin=admin)
        )
        (folder / "janus.plugin.videoroom.jcfg").write_text(
            f"general: {{ string_ids = {str(string_ids).lower()} }}\n"
        )
        command = [_program(), "-F", str(folder), *arguments]
        with (folder / "log").open("w") as log:
            process = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        try:
            for one in (port, admin):
                await _until_open(one, process, folder / "log")
            url, admin_url = f"ws://127.0.0.1:{port}", f"ws://127.0.0.1:{admin}"
            yield Janus(url, port, secret, process.pid, admin_url)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def free_port() -> int:
    """Not of those that the system hands out, so that nobody has it before Janus does."""
    while True:
        port = 12_000 + secrets.randbelow(7_000)
        with contextlib.suppress(OSError), socket.socket() as trial:
            trial.bind(("127.0.0.1", port))
            return port


def _program() -> str:
    found = shutil.which("janus")
    assert found, "needs Janus: make browsers installs it"
    return found


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="yt-janus-") as folder:
        yield Path(folder)


async def _until_open(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    for _ in range(200):
        if process.returncode is not None:
            break
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise AssertionError(await asyncio.to_thread(log.read_text))
