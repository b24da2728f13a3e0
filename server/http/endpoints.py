"""Typed endpoints: a signature is the contract; binding, checking and answering are derived."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from server.http.context import Context, Download, Upload
from server.identity.permissions import Permission
from server.kernel.errors import FieldError, Invalid, NotFound

Handler = Callable[..., Awaitable[Any]]
PLACE = re.compile(r"{(\w+)}")


class Body(BaseModel):
    """What a client sends: unknown fields are refused, text is trimmed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _storable(cls, value: object) -> object:
        """The database knows no NUL."""
        if isinstance(value, str) and "\0" in value:
            raise PydanticCustomError("unreadable", "holds characters that cannot be shown")
        return value


class View(BaseModel):
    """What a client is told."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    permission: Permission
    handler: Handler
    places: dict[str, TypeAdapter[Any]]
    body: TypeAdapter[Any] | None
    query: TypeAdapter[Any] | None
    upload: bool
    answer: Any

    @property
    def name(self) -> str:
        return self.handler.__name__

    @cached_property
    def told(self) -> TypeAdapter[Any]:
        """Writes what the handler answers; dear to make, so made once."""
        return TypeAdapter(self.answer)

    async def call(self, ctx: Context, *, places: dict[str, str], given: "Given") -> Any:
        """Bind and check what came, then run the handler. Raises Invalid with all bad fields."""
        values = {name: _place(adapter, places[name]) for name, adapter in self.places.items()}
        if self.body is not None:
            values["body"] = checked(self.body, given.body)
        if self.query is not None:
            values["query"] = checked(self.query, given.query, strict=False)
        if self.upload:
            values["upload"] = given.upload
        return await self.handler(ctx, **values)


@dataclass(frozen=True)
class Given:
    """What arrived, not yet believed."""

    body: object = None
    query: dict[str, str] = field(default_factory=dict)
    upload: Upload | None = None


@dataclass
class Routes:
    """The endpoints of one module."""

    endpoints: list[Endpoint] = field(default_factory=list)

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self.endpoints)

    def get(self, path: str, *, permission: Permission) -> Callable[[Handler], Handler]:
        return self._add("GET", path, permission)

    def post(self, path: str, *, permission: Permission) -> Callable[[Handler], Handler]:
        return self._add("POST", path, permission)

    def put(self, path: str, *, permission: Permission) -> Callable[[Handler], Handler]:
        return self._add("PUT", path, permission)

    def delete(self, path: str, *, permission: Permission) -> Callable[[Handler], Handler]:
        return self._add("DELETE", path, permission)

    def _add(self, method: str, path: str, permission: Permission) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.endpoints.append(_endpoint(method, path, permission, handler))
            return handler

        return register


def checked(adapter: TypeAdapter[Any], value: object, *, strict: bool = True) -> Any:
    """The value in its type; Invalid names every bad field at once."""
    try:
        return adapter.validate_python(value if strict or value else {})
    except ValidationError as error:
        raise Invalid("invalid", fields=tuple(map(_field_error, error.errors()))) from None


def _field_error(error: Any) -> FieldError:
    field_name = ".".join(str(part) for part in error["loc"])
    params = {k: v for k, v in error.get("ctx", {}).items() if isinstance(v, str | int | float)}
    return FieldError(field=field_name, code=f"field.{error['type']}", params=params)


def _place(adapter: TypeAdapter[Any], text: str) -> Any:
    """A malformed id is an unknown one."""
    try:
        return adapter.validate_python(text)
    except ValidationError:
        raise NotFound from None


def _endpoint(method: str, path: str, permission: Permission, handler: Handler) -> Endpoint:
    hints = get_type_hints(handler)
    names = list(inspect.signature(handler).parameters)
    places = PLACE.findall(path)
    unknown = set(names) - {"ctx", "body", "query", "upload", *places}
    if names[:1] != ["ctx"] or unknown or set(places) - set(names):
        raise TypeError(f"{handler.__name__}: parameters do not fit {path}")
    if hints["return"] is inspect.Signature.empty:
        raise TypeError(f"{handler.__name__}: says nothing of its answer")
    return Endpoint(
        method=method,
        path=path,
        permission=permission,
        handler=handler,
        places={name: TypeAdapter(hints[name]) for name in places},
        body=TypeAdapter(hints["body"]) if "body" in names else None,
        query=TypeAdapter(hints["query"]) if "query" in names else None,
        upload="upload" in names,
        answer=hints["return"],
    )


__all__ = [
    "Body",
    "Context",
    "Download",
    "Endpoint",
    "Given",
    "Routes",
    "Upload",
    "View",
    "checked",
]
