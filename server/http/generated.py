"""The files generated from Python types: the API's and the socket's, for the client."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from server.http import openapi, typescript
from server.http.routes import endpoints
from server.kernel.database import Json
from signaling import protocol
from signaling.facts import Told

FOLDER = Path(__file__).parents[2] / "web" / "src" / "api"


def files() -> dict[Path, str]:
    document = openapi.document(endpoints())
    return {
        FOLDER / "schema.gen.ts": typescript.api(document),
        FOLDER / "protocol.gen.ts": typescript.socket(*_protocol()),
    }


def _protocol() -> tuple[Json, Json]:
    """The schemas of all messages, and the unions by name."""
    unions: list[tuple[str, Any, TypeAdapter[Any]]] = [
        ("ClientMessage", "validation", protocol.CLIENT),
        ("ServerMessage", "serialization", protocol.SERVER),
        ("Told", "serialization", TypeAdapter(Told)),
    ]
    found, definitions = TypeAdapter.json_schemas(unions, ref_template=openapi.REF)
    return definitions["$defs"], {name: schema for (name, _mode), schema in found.items()}


def run(*, write: bool, check: bool) -> int:
    """Write the files, compare them, or print the OpenAPI document."""
    made = files()
    if write:
        for path, text in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    elif check:
        stale = [
            p.name for p, text in made.items() if not p.exists() or p.read_text("utf-8") != text
        ]
        if stale:
            print(f"stale: {', '.join(stale)}; run make generate", file=sys.stderr)
            return 1
    else:
        print(json.dumps(openapi.document(endpoints()), ensure_ascii=False, indent=2))
    return 0
