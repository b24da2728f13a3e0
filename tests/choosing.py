"""Questions answered by one tap, or on the phone, for tests: the link, the call, the answer."""

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


async def heard(client, choice_id: str, answer: str, offer: str | None = None):
    """The answer as a clerk writes it down, with the person on the phone."""
    body = {"answer": answer} | ({"offer_id": offer} if offer else {})
    return await client.post(f"/api/desk/choices/{choice_id}/answer", json=body)


async def asked_by_phone(client, kind: str) -> tuple[dict, dict]:
    """The only open call of this kind, and what is asked in it, as the signed-in clerk sees them."""
    tasks = (await (await client.get("/api/call-tasks")).json())["items"]
    [task] = [one for one in tasks if one["kind"] == kind]
    answer = await client.get(f"/api/desk/choices/{task['choice_id']}")
    assert answer.status == 200, await answer.text()
    return task, await answer.json()
