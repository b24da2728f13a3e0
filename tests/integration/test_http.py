"""The HTTP edge: problems, origins, sizes, pages."""

import asyncio
import logging

import pytest

from tests.hall import serving
from tests.media.conftest import until


async def test_openapi_is_served_and_every_operation_names_its_permission(client):
    document = await (await client.get("/api/openapi.json")).json()
    operations = [op for item in document["paths"].values() for op in item.values()]
    assert document["openapi"] == "3.1.0"
    assert operations
    assert all(op["x-permission"] for op in operations)


async def test_problem_is_in_the_callers_language(client):
    for language, title in (("zh-CN", "请先登录"), ("en-GB,en;q=0.9", "Please sign in first")):
        answer = await client.get("/api/audit", headers={"Accept-Language": language})
        body = await answer.json()
        assert answer.status == 401
        assert answer.content_type == "application/problem+json"
        assert (body["code"], body["title"]) == ("not_signed_in", title)


async def test_health_says_nothing_but_ok(client):
    for path in ("/livez", "/readyz"):
        answer = await client.get(path)
        assert (answer.status, await answer.text()) == (200, "ok\n")


async def test_unknown_api_address_is_not_the_page(client):
    assert (await client.get("/api/nowhere")).status == 404


@pytest.mark.parametrize("name", ["..%2f..%2fpyproject.toml", "..%2findex.html", "nothing.js"])
async def test_assets_do_not_lead_out_of_their_folder(client, name):
    assert (await client.get(f"/assets/{name}")).status == 404


async def test_request_that_breaks_off_is_no_fault_of_ours(services, caplog):
    caplog.set_level(logging.INFO)
    async with serving(services) as base:
        _, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
        writer.write(
            b"POST /api/sign-in/code HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Yuntiao: 1\r\n"
            b"Content-Type: application/json\r\nContent-Length: 900\r\n\r\n{"
        )
        await writer.drain()
        await until(lambda: serving_now() > 0)
        writer.transport.abort()
        await until(lambda: "request" in [record.msg for record in caplog.records])
    assert "request_failed" not in caplog.text


def serving_now() -> int:
    """Requests that wait for the rest of their body."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return sum(name == "RequestHandler._handle_request" for name in names)


async def test_every_answer_carries_the_security_headers(client):
    for path in ("/livez", "/api/openapi.json", "/api/nowhere"):
        headers = (await client.get(path)).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"phone": ', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"\xff\xfe", "not_json"),
        (b" " * (300 << 10), "body_too_large"),
    ],
)
@pytest.mark.parametrize("says_its_length", [True, False])
async def test_hostile_body_is_refused_whether_it_says_its_length_or_not(
    client, body, code, says_its_length
):
    async def pieces():
        yield body

    data = body if says_its_length else pieces()
    headers = {"Content-Type": "application/json; charset=nonsense"}
    answer = await client.post("/api/sign-in/code", data=data, headers=headers)
    assert (await answer.json())["code"] == code


@pytest.mark.parametrize("since", ["9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z"])
async def test_ends_of_time_are_refused_in_words(client, since):
    answer = await client.get("/api/days", params={"from": since})
    assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "from")


async def test_nul_is_refused_in_words_wherever_text_is_taken(client):
    body = {"login": "a\0b", "password": "correct horse battery"}
    answer = await client.post("/api/sign-in/staff", json=body)
    assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "login")
    plain = await client.post("/api/sign-in/staff", json={**body, "login": "ab"})
    assert (await plain.json())["code"] == "password_wrong"
