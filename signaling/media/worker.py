"""A media worker: `python -m signaling.media.worker FD`. It ends when its channel ends."""

import asyncio
import contextlib
import gc
import logging
import secrets
import signal
import socket
import sys
import time

import uvloop

from signaling.channel import Channel, ChannelClosedError
from signaling.engine import MediaEvent, MediaRefusedError, View
from signaling.media import compiled, messages
from signaling.media.conference import Conference
from signaling.media.dtls import Certificate
from signaling.media.ground import Ground
from signaling.media.link import Credentials
from signaling.media.pulse import Pulse
from signaling.media.settings import MediaSettings
from signaling.media.wire import UdpWire, open_wire

log = logging.getLogger(__name__)


def main() -> None:
    # Ctrl-C is for the parent; the end of the channel ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="media worker: %(message)s")
    # What is loaded by now stays for good, and packets make no cycles: look for cycles seldom.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    uvloop.run(serve(int(sys.argv[1])))


async def serve(fd: int) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=fd))
    channel = Channel(reader, writer)
    try:
        with contextlib.suppress(ChannelClosedError):
            settings = messages.from_plain(await channel.receive())
            if isinstance(settings, MediaSettings):
                await _run(channel, settings)
    finally:
        channel.close()


async def _run(channel: Channel, settings: MediaSettings) -> None:
    try:
        wire, port = open_wire(
            settings.addresses,
            port=settings.port,
            clock=time.monotonic,
            compiled=compiled.load() if settings.compiled else None,
        )
    except OSError as wrong:
        channel.send(messages.to_plain(messages.Failed(f"UDP port {settings.port}: {wrong}")))
        return

    def emit(event: MediaEvent) -> None:
        with contextlib.suppress(ChannelClosedError):
            channel.send(messages.to_plain(event))

    ground = Ground(
        settings=settings,
        wire=wire,
        port=port,
        certificate=Certificate(),
        clock=time.monotonic,
        new_credentials=lambda: Credentials(secrets.token_hex(8), secrets.token_hex(16)),
        new_session=lambda: str(secrets.randbits(62)),
        emit=emit,
    )
    conference = Conference(ground)
    pulse = Pulse(conference, clock=time.monotonic, emit=emit)
    beating = asyncio.create_task(pulse.run())
    channel.send(messages.to_plain(messages.Ready(port)))
    try:
        await _obey(channel, conference, pulse, wire, beating)
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await conference.end()
        wire.close()


async def _obey(
    channel: Channel,
    conference: Conference,
    pulse: Pulse,
    wire: UdpWire,
    beating: asyncio.Task[None],
) -> None:
    """One command after the other, until the web process or our own clock is gone."""
    while not beating.done():
        message = messages.from_plain(await channel.receive())
        if isinstance(message, messages.Call):
            channel.send(messages.to_plain(_outcome(message, conference, pulse, wire)))
    log.error("the pulse ended: %r", beating.exception())


def _outcome(
    call: messages.Call, conference: Conference, pulse: Pulse, wire: UdpWire
) -> messages.Done | messages.Refused | messages.Broken:
    try:
        return messages.Done(call.ref, _obeyed(call.command, conference, pulse, wire))
    except MediaRefusedError as refused:
        return messages.Refused(call.ref, refused.refusal)
    except Exception as fault:
        log.exception("command %s", type(call.command).__name__)
        return messages.Broken(call.ref, repr(fault))


def _obeyed(
    command: messages.Command, conference: Conference, pulse: Pulse, wire: UdpWire
) -> messages.Result:
    match command:
        case messages.Publish(member, offer):
            return conference.publish(member, offer)
        case messages.Stats(room):
            return pulse.stats(room)
        case messages.Count():
            return pulse.carried(wire.dropped)
        case messages.Subscribe(member):
            conference.subscribe(member)
        case messages.Answer(member, revision, sdp):
            conference.answer(member, revision, sdp)
        case messages.RestartReceiving(member):
            conference.restart_receiving(member)
        case messages.Ping():
            pass
        case _:
            _arrange(command, conference)
    return None


def _arrange(command: messages.Arrangement, conference: Conference) -> None:
    match command:
        case messages.Grant(member, room):
            conference.grant(member, room)
        case messages.Revoke(member):
            conference.revoke(member)
        case messages.Permit(member):
            conference.permit(member, command.kinds)
        case messages.Favour(member, on):
            conference.favour(member, on=on)
        case messages.Show(member, views, screen, pictures):
            shown = {other: View(view) for other, view in views}
            conference.view(member, shown, screen=View(screen), pictures=pictures)
        case messages.Close(member):
            conference.close(member)
        case messages.Capture(room, to):
            conference.capture(room, to)


if __name__ == "__main__":
    main()
