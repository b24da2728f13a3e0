"""What every benchmark ends with: a table, a JSON file, and a word on how far to trust it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.machine import Watch

FOLDER = Path(__file__).parents[2] / "build" / "bench"


def report(
    name: str,
    numbers: Mapping[str, float],
    *,
    baseline: str | None,
    watch: Watch,
    goals: Mapping[str, str] | None = None,
) -> None:
    """Print the table and write `build/bench/<name>.json`. `goals` stand beside their numbers."""
    rounded = {key: round(value, 4) for key, value in numbers.items()}
    width = max(map(len, rounded))
    for key, value in rounded.items():
        print(f"{key:<{width}}  {value:>12,.4g}  {(goals or {}).get(key, '')}".rstrip())
    machine = watch.shares()
    print(machine)
    FOLDER.mkdir(parents=True, exist_ok=True)
    body = {
        "name": name,
        "numbers": rounded,
        "baseline": baseline,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        **{key: round(share, 4) for key, share in asdict(machine).items()},
        "trusted": machine.is_trusted,
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(body, indent=2) + "\n")


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]
