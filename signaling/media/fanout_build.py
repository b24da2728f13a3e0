"""Builds the fan-out in C beside this file, where a C compiler is: `python -m signaling.media.fanout_build`.

Without it everything works by the Python path, at about twice the cost for a packet.
"""

import contextlib
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).parent
NAME = "_fanout"
FLAGS = ("-O2", "-fPIC", "-shared", "-std=gnu11", "-Wall", "-Wextra", "-Werror=implicit")
SECONDS = 120


def build(*, into: Path, compiler: str = "cc") -> str:
    """Compile; returns what stood in the way, or nothing."""
    target = into / f"{NAME}.abi3.so"
    target.unlink(missing_ok=True)
    if shutil.which(compiler) is None:
        return "there is no C compiler"
    ffi = FFI()
    ffi.cdef((HERE / "fanout.h").read_text())
    ffi.set_source(f"signaling.media.{NAME}", (HERE / "fanout.c").read_text())
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / f"{NAME}.c", Path(folder) / f"{NAME}.so"
        with contextlib.redirect_stdout(None):  # it tells the name of the temporary file
            ffi.emit_c_code(str(source))
        includes = (f"-I{sysconfig.get_path('include')}", f"-I{HERE}")
        command = [compiler, *FLAGS, *includes, str(source), "-o", str(made)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            return done.stderr.strip().partition("\n")[0] or "the compiler failed"
        fresh = into / f".{NAME}.{os.getpid()}"
        shutil.copy(made, fresh)
        fresh.replace(target)
    return ""


def main() -> None:
    reason = build(into=HERE, compiler=os.environ.get("CC", "cc"))
    if reason:
        print(f"media runs without the compiled fan-out, at twice the cost: {reason}")
    else:
        print("media runs with the compiled fan-out")


if __name__ == "__main__":
    main()
