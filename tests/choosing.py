"""Questions answered by one tap, for tests: the link from the message, the answer over HTTP."""

import re

LINK = re.compile(r"/choose/([A-Za-z0-9_-]+)")


def token_of(outbox, phone: str) -> str:
    """The token in the newest message to this phone that holds one."""
    found = [m for message in outbox.sms if message.to == phone for m in LINK.findall(message.text)]
    return found[-1]


async def read(client, token: str) -> dict:
    answer = await client.get("/api/choices/given", headers={"X-Ask": token})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def tap(client, token: str, answer: str, offer: str | None = None):
    body = {"answer": answer} | ({"offer_id": offer} if offer else {})
    return await client.post("/api/choices/given/answer", json=body, headers={"X-Ask": token})
