"""The private names of other packages that the media engine leans on: there are no more than these."""

TRANSPORT = "aiortc.rtcdtlstransport:RTCDtlsTransport"
SESSION = "pylibsrtp:Session"

BORROWED = frozenset(
    {
        f"{TRANSPORT}._set_role",
        f"{TRANSPORT}._tx_srtp",
        f"{TRANSPORT}._rx_srtp",
        f"{SESSION}._srtp",
        f"{SESSION}._cdata",
        f"{SESSION}._buffer",
        "pylibsrtp:_binding",
    }
)

LENT = frozenset({"role", "_recv", "_send"})
"""What RTCDtlsTransport uses of the ICE transport that we give it."""
