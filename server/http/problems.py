"""Errors as RFC 9457 problems, in the caller's language, all bad fields at once."""

import json

from aiohttp import web

from server.kernel.database import Json
from server.kernel.errors import DomainError, FieldError, Throttled
from server.kernel.texts import Texts

MEDIA_TYPE = "application/problem+json"


def problem(error: DomainError, *, texts: Texts, language: str, request_id: str) -> Json:
    """The problem document of an error; the socket's `refused` carries the same."""
    body: Json = {
        "type": f"urn:yuntiao:problem:{error.code}",
        "title": texts.get(language, f"error.{error.code}", **error.params),
        "status": error.status,
        "code": error.code,
        "request_id": request_id,
    }
    if error.fields:
        body["errors"] = [_field(field, texts=texts, language=language) for field in error.fields]
    if error.details:
        body["details"] = error.details
    if isinstance(error, Throttled):
        body["retry_after"] = error.retry_after
    return body


def respond(error: DomainError, *, texts: Texts, language: str, request_id: str) -> web.Response:
    body = problem(error, texts=texts, language=language, request_id=request_id)
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(error.retry_after)
    elif error.status == 503:
        headers["Retry-After"] = "3"
    return web.Response(
        text=json.dumps(body, ensure_ascii=False),
        status=error.status,
        content_type=MEDIA_TYPE,
        headers=headers,
    )


def _field(field: FieldError, *, texts: Texts, language: str) -> Json:
    key = f"error.{field.code}"
    known = key if texts.has(key) else "error.field.invalid"
    message = texts.get(language, known, **(field.params or {}))
    return {"field": field.field, "code": field.code, "message": message}
