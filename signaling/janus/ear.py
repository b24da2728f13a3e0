"""Whether one leg has fallen silent: nothing came for some time of what was awaited."""

from dataclasses import dataclass

BEGINS_SECONDS = 2.0
"""What is awaited from now on takes a moment longer to come, and to be told of."""


@dataclass(slots=True)
class Ear:
    is_silent: bool = False
    _since: float | None = None

    def judge(self, is_awaited: bool, *, came_at: float, patience: float, now: float) -> bool:
        """Whether that has changed; `came_at` is when something came last."""
        if not is_awaited:
            self._since = None
        elif self._since is None:
            self._since = now
        was_silent = self.is_silent
        self.is_silent = (
            self._since is not None and now - max(self._since + BEGINS_SECONDS, came_at) >= patience
        )
        return self.is_silent != was_silent
