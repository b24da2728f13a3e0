"""The SMS gateway over real HTTP: what is sent, which refusals are for good."""

from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from server.kernel.config import Sms as SmsConfig
from server.kernel.outside import NotDelivered, Sms
from server.notices.sms import HttpGateway, NoGateway

SMS = Sms(key="confirmed:1", to="13900000001", text="您的视频预约已确认")


@dataclass
class Provider:
    status: int = 200
    asked: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)
    server: TestServer | None = None

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append((dict(request.headers), await request.json()))
        return web.json_response({"id": "p-1"}, status=self.status)


@pytest_asyncio.fixture
async def provider(aiohttp_server):
    """Keeps what it was sent; answers with the status it was told."""
    provider = Provider()
    app = web.Application()
    app.router.add_post("/sms", provider.take)
    provider.server = await aiohttp_server(app)
    return provider


@pytest_asyncio.fixture
async def gateway(provider, tmp_path):
    token = tmp_path / "token"
    token.write_text("secret\n")
    config = SmsConfig(
        gateway="http",
        url=str(provider.server.make_url("/sms")),
        token_file=token,
        signature="矛调中心",
    )
    async with ClientSession() as client:
        yield HttpGateway(config, client)


async def test_sms_carries_signature_key_and_token(gateway, provider):
    assert await gateway.send(SMS) == "p-1"
    [(headers, body)] = provider.asked
    assert body == {"key": SMS.key, "to": SMS.to, "signature": "矛调中心", "text": SMS.text}
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer secret", SMS.key)


@pytest.mark.parametrize(
    ("status", "for_good"), [(400, True), (404, True), (500, False), (503, False)]
)
async def test_refusals_are_for_good_or_to_be_tried_again(gateway, provider, status, for_good):
    provider.status = status
    with pytest.raises(NotDelivered) as caught:
        await gateway.send(SMS)
    assert (str(caught.value), caught.value.for_good) == (f"sms {status}", for_good)


@pytest.mark.parametrize("status", [408, 429])
async def test_busy_provider_is_tried_again(gateway, provider, status):
    provider.status = status
    with pytest.raises(NotDelivered) as caught:
        await gateway.send(SMS)
    assert not caught.value.for_good


async def test_provider_that_is_away_is_tried_again(gateway, provider):
    await provider.server.close()
    with pytest.raises(NotDelivered) as caught:
        await gateway.send(SMS)
    assert not caught.value.for_good


async def test_without_a_gateway_nothing_is_sent_for_good():
    with pytest.raises(NotDelivered) as caught:
        await NoGateway().send(SMS)
    assert caught.value.for_good
