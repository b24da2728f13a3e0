"""Checking an exported record: no database is needed, only the file."""

import sys
from pathlib import Path

from recordings.signing import FILE, load_record_key
from recordings.verify import DoesNotFit, verify
from server.app.process import say
from server.kernel.config import Config


def verify_file(path: Path, config: Config, *, key: str | None) -> int:
    """0 when everything fits; 1 with the first thing that does not; 2 when it cannot be read."""
    expected = key or _own_key(config.secrets_folder)
    try:
        report = verify(path.read_bytes(), key=expected)
    except DoesNotFit as misfit:
        print(f"{path}: does not fit. {misfit}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
        return 2
    say(f"{path}: fits")
    say(f"case {report.number}, exported {report.exported_at}")
    say(f"{report.entries} entries ({report.erased} with erased values), {report.papers} papers")
    say(f"signed with the key {report.key}")
    if expected is None:
        say("compare this key with the centre's: none is known here")
    return 0


def _own_key(folder: Path) -> str | None:
    """This installation's key, where it has one; looking makes none."""
    return load_record_key(folder).public if (folder / FILE).exists() else None
