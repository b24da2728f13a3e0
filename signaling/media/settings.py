"""What a media worker is told at its start."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Times in seconds, rates in kbit/s. Port 0 takes any free one."""

    addresses: tuple[str, ...]
    port: int = 0
    video_kbps: int = 1_500
    simulcast_kbps: int = 2_400
    idle_video_kbps: int = 300
    connect_deadline: float = 15.0
    silent_after: float = 7.0
    gone_after: float = 35.0
    connecting_limit: int = 256
    """Legs at once: a hundred people come back together, and more than these only an attack brings."""

    compiled: bool = True
    """Pass packets on by the part in C, where it was built."""
