"""The log: one JSON object a line, for machines to read; no value that says who somebody is."""

import json
import logging
import logging.handlers
from datetime import UTC, datetime

from server.kernel import faults
from server.kernel.config import Log

FIELDS = ("request_id", "method", "route", "code", "ms", "role", "kind", "attempt")
OURS = ("yuntiao", "signaling", "recordings", "scheduling", "server")
FILE_BYTES, FILES = 10 << 20, 5


class JsonLines(logging.Formatter):
    """Of our own lines the message is the event; of libraries' only the bare template.

    What an exception says is left out: it may hold what somebody typed.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1]:
            line["error"] = faults.kind_of(record.exc_info[1])
            line["places"] = faults.places_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def set_up(config: Log) -> None:
    """Send everything to standard error, or to the file that is named."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.addHandler(_handler(config))
    root.setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that is left out is no news
    for name in OURS:
        logging.getLogger(name).setLevel(config.level.upper())


def _handler(config: Log) -> logging.Handler:
    handler: logging.Handler = logging.StreamHandler()
    if config.file is not None:
        config.file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            config.file, maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8"
        )
    handler.setFormatter(JsonLines())
    return handler


def _event(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] in OURS:
        return record.getMessage()
    return str(record.msg).partition("\n")[0]
