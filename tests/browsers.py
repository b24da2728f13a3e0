"""Browsers, Janus and coturn of the system's packages: installed when we may, else a clear failure.

Run as `python -m tests.browsers` before the tests.
"""

import os
import shutil
import subprocess
import sys

PROGRAMS = {
    "chromium": "chromium",
    "chromium-headless-shell": "chromium-headless-shell",
    "firefox-esr": "firefox-esr",
    "ip": "iproute2",
    "janus": "janus",
    "turnserver": "coturn",
}
FONTS = "fonts-noto-cjk"


def missing() -> list[str]:
    """The packages to install."""
    packages = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not shutil.which("fc-list"):
        return [*packages, "fontconfig", FONTS]
    fonts = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout
    return packages if fonts else [*packages, FONTS]


def install(packages: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *packages]):
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def main() -> int:
    packages = missing()
    if not packages:
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing for the tests: {' '.join(packages)}", flush=True)
        install(packages)
        return 0
    print(f"the tests need: {' '.join(packages)}", file=sys.stderr)
    print(f"install them: sudo apt-get install {' '.join(packages)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
