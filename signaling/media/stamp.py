"""How long the newest datagram has waited in the kernel: we may have been busy when it came."""

import fcntl
import struct
import time

SIOCGSTAMPNS = 0x8907
"""Linux: when the datagram that was read last had come; the first call begins the noting."""

SPEC = struct.Struct("@qq")
LONGEST = 1.0


def waited(fd: int) -> float:
    """Seconds; 0 where the system does not tell."""
    try:
        noted = fcntl.ioctl(fd, SIOCGSTAMPNS, bytes(SPEC.size))
    except OSError:
        return 0.0
    seconds, nanoseconds = SPEC.unpack(noted)
    age: float = time.time() - seconds - nanoseconds / 1e9
    return min(LONGEST, max(0.0, age))
