"""A demo district of a benchmark's own: a free port, a data folder that goes with it."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 120


@contextlib.contextmanager
def demo_server() -> Iterator[str]:
    """The address of a freshly seeded demo; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="yuntiao-bench-") as folder:
        Path(folder).chmod(0o755)  # the database runs as a user of its own when we are root
        environment = {
            **os.environ,
            "YUNTIAO_SERVER__PORT": str(_free_port()),
            "YUNTIAO_SERVER__DATA_DIR": folder,
        }
        server = subprocess.Popen(
            [sys.executable, "-m", "server", "demo", "--tied"],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            yield _address(server)
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE)


def _address(server: "subprocess.Popen[str]") -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if line.startswith("ready "):
            return line.split()[1]
    raise RuntimeError("the demo ended before it was ready")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
