"""SMS through a gateway that takes JSON over HTTP."""

from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout

from server.kernel.config import Sms as SmsConfig
from server.kernel.outside import NotDelivered, Sms

AGAIN = frozenset({408, 425, 429})
TIMEOUT = ClientTimeout(total=10)


@dataclass(frozen=True)
class HttpGateway:
    """POST {key, to, signature, text} with a bearer token; answers {id}.

    4xx is for good, but for those that ask to come again.
    """

    config: SmsConfig
    client: ClientSession

    async def send(self, sms: Sms) -> str:
        token = self.config.token_file.read_text().strip() if self.config.token_file else ""
        body = {"key": sms.key, "to": sms.to, "signature": self.config.signature, "text": sms.text}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": sms.key}
        try:
            async with self.client.post(
                self.config.url or "", json=body, headers=headers, timeout=TIMEOUT
            ) as answer:
                if answer.status >= 300:
                    raise NotDelivered(f"sms {answer.status}", for_good=_is_for_good(answer.status))
                return str((await answer.json()).get("id", ""))
        except (ClientError, TimeoutError, ValueError) as error:
            raise NotDelivered(type(error).__name__) from error


def _is_for_good(status: int) -> bool:
    return status < 500 and status not in AGAIN


class NoGateway:
    """No SMS is configured: every message becomes a phone-call task."""

    async def send(self, sms: Sms) -> str:
        raise NotDelivered(f"no gateway for {sms.key}", for_good=True)
