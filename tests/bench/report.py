"""What every benchmark ends with: a table, a JSON file, and a word on how far to trust it."""

import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "build" / "bench"
QUIET_SHARE = 0.15


def busy_share(seconds: float = 1.0) -> float:
    """The share of all cores that others use now; measure before the work begins."""
    idle, total = _ticks()
    time.sleep(seconds)
    idle_after, total_after = _ticks()
    return 1 - (idle_after - idle) / max(total_after - total, 1)


def report(
    name: str,
    numbers: Mapping[str, float],
    *,
    baseline: str | None,
    goals: Mapping[str, str] | None = None,
    busy_before: float = 0.0,
) -> None:
    """Print the table and write `build/bench/<name>.json`. `goals` stand beside their numbers."""
    rounded = {key: round(value, 4) for key, value in numbers.items()}
    width = max(map(len, rounded))
    for key, value in rounded.items():
        print(f"{key:<{width}}  {value:>12,.4g}  {(goals or {}).get(key, '')}".rstrip())
    if busy_before > QUIET_SHARE:
        print(f"the machine was {busy_before:.0%} busy before: too busy to trust these numbers")
    FOLDER.mkdir(parents=True, exist_ok=True)
    body = {
        "name": name,
        "numbers": rounded,
        "baseline": baseline,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "busy_before": round(busy_before, 3),
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(body, indent=2) + "\n")


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def _ticks() -> tuple[int, int]:
    fields = [int(part) for part in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return fields[3] + fields[4], sum(fields)
