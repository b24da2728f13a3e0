"""Where this host can be reached, for clients of the media engine."""

import ipaddress

import ifaddr

LOOPBACK = "127.0.0.1"


def host_addresses() -> tuple[str, ...]:
    """Every address of the host that others may route to, IPv4 first; loopback if there is none."""
    found = [_plain(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    usable = sorted({address for address in found if _is_reachable(address)}, key=_rank)
    return tuple(str(address) for address in usable) or (LOOPBACK,)


Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _plain(ip: str | tuple[str, int, int]) -> Address:
    return ipaddress.ip_address(ip if isinstance(ip, str) else ip[0])


def _is_reachable(address: Address) -> bool:
    return not (address.is_loopback or address.is_link_local or address.is_multicast)


def _rank(address: Address) -> tuple[int, bytes]:
    return address.version, address.packed
