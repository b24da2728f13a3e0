"""What a conference stands on: the socket, the clock, and the making of legs."""

from collections.abc import Callable
from dataclasses import dataclass

from signaling.engine import MediaEvent
from signaling.media import descriptions
from signaling.media.codecs import Codec
from signaling.media.dtls import Certificate
from signaling.media.link import Credentials, Link, Wire
from signaling.media.members import Member
from signaling.media.publisher import Publisher
from signaling.media.sdp import Description
from signaling.media.settings import MediaSettings
from signaling.media.subscriber import Subscriber


@dataclass(frozen=True, slots=True)
class Ground:
    """Tests bring their own."""

    settings: MediaSettings
    wire: Wire
    port: int
    certificate: Certificate
    clock: Callable[[], float]
    new_credentials: Callable[[], Credentials]
    new_session: Callable[[], str]
    emit: Callable[[MediaEvent], None]

    def link(self) -> Link:
        return Link(
            wire=self.wire,
            certificate=self.certificate,
            new_credentials=self.new_credentials,
            now=self.clock(),
        )

    def publisher(
        self, description: Description, *, of: Member, pictures: tuple[Codec, ...]
    ) -> Publisher:
        return Publisher(
            description,
            session=self.new_session(),
            voice=of.voice,
            pictures=pictures,
            waited=self.wire.waited,
            may_share=of.may_share,
        )

    def subscriber(self, link: Link) -> Subscriber:
        return Subscriber(
            session=self.new_session(),
            video_kbps=self.settings.video_kbps,
            road=link.road,
            transmit_control=link.transmit_control,
        )

    def transport_of(self, link: Link) -> descriptions.Transport:
        return descriptions.Transport(
            ufrag=link.credentials.ufrag,
            password=link.credentials.password,
            fingerprint=self.certificate.fingerprint(),
            candidates=tuple((host, self.port) for host in self.settings.addresses),
        )
