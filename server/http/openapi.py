"""OpenAPI 3.1 from the endpoints' signatures."""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from server.http.context import Download, Playable
from server.http.endpoints import Endpoint
from server.kernel.database import Json

REF = "#/components/schemas/{model}"
PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "details": {"type": "object"},
        "request_id": {"type": "string"},
        "retry_after": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {k: {"type": "string"} for k in ("field", "code", "message")},
            },
        },
    },
}


def document(endpoints: Iterable[Endpoint]) -> Json:
    """The whole API as one OpenAPI 3.1 document, in a stable order."""
    ordered = sorted(endpoints, key=lambda e: (e.path, e.method))
    schemas, answers, sent = _schemas(ordered)
    paths: Json = {}
    for endpoint in ordered:
        operation = _operation(endpoint, sent.get(endpoint.name), answers.get(endpoint.name))
        if endpoint.query is not None:
            operation["parameters"] += _query(endpoint.query)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Yuntiao", "version": "1"},
        "paths": paths,
        "components": {"schemas": {**schemas, "Problem": PROBLEM}},
    }


def _schemas(endpoints: list[Endpoint]) -> tuple[Json, Json, Json]:
    inputs: list[tuple[str, Any, TypeAdapter[Any]]] = []
    for endpoint in endpoints:
        if endpoint.body is not None:
            inputs.append((f"{endpoint.name} body", "validation", endpoint.body))
        if endpoint.answer not in (None, type(None), Download, Playable):
            inputs.append(
                (f"{endpoint.name} answer", "serialization", TypeAdapter(endpoint.answer))
            )
    found, definitions = TypeAdapter.json_schemas(inputs, ref_template=REF)
    sent = {key.split()[0]: schema for (key, mode), schema in found.items() if mode == "validation"}
    told = {key.split()[0]: schema for (key, mode), schema in found.items() if mode != "validation"}
    return definitions.get("$defs", {}), told, sent


def _operation(endpoint: Endpoint, sent: Json | None, told: Json | None) -> Json:
    operation: Json = {
        "operationId": endpoint.name,
        "x-permission": endpoint.permission,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": adapter.json_schema()}
            for name, adapter in endpoint.places.items()
        ],
        "responses": {"default": {"description": "A problem", "content": _problem()}},
    }
    if endpoint.handler.__doc__:
        operation["summary"] = endpoint.handler.__doc__.split("\n")[0]
    if sent is not None:
        content = {"application/json": {"schema": sent}}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.upload:
        content = {"multipart/form-data": {"schema": {"type": "object"}}}
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] |= _answer(endpoint, told)
    return operation


def _answer(endpoint: Endpoint, told: Json | None) -> Json:
    if endpoint.answer in (Download, Playable):
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        return {"200": {"description": "A file", "content": content}}
    if told is None:
        return {"204": {"description": "Done"}}
    return {"200": {"description": "Done", "content": {"application/json": {"schema": told}}}}


def _query(adapter: TypeAdapter[Any]) -> list[Json]:
    schema = adapter.json_schema(ref_template=REF)
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": value}
        for name, value in schema.get("properties", {}).items()
    ]


def _problem() -> Json:
    return {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}
