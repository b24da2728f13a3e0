"""A search is asked to end by another thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Stop:
    """Asked for by another thread, before the search or within it."""

    _asked: bool = False
    _end: Callable[[], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self) -> None:
        with self._lock:
            self._asked = True
            if self._end:
                self._end()

    def watch(self, end: Callable[[], None] | None) -> bool:
        """What to do when it is asked for. False: it was already."""
        with self._lock:
            self._end = end
            return not self._asked
