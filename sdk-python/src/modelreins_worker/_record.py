"""Responsible for JSON objects in Python: answers with attributes, and omitted fields. It knows no field."""

from __future__ import annotations

from enum import Enum
from typing import Any, ClassVar, Dict, Mapping, Optional, Protocol, Type, TypeVar

Self = TypeVar("Self", bound="Record")


class Record(Dict[str, Any]):
    """A dict that also answers ``record.field``.

    Fields that this version does not know are there, too: a newer server may send more. A field that is called like a
    method of ``dict`` is an attribute with an underscore behind its name: ``page.items_``.
    """

    __slots__ = ()
    _nested: ClassVar[Mapping[str, Type[Record]]] = {}

    @classmethod
    def of(cls: Type[Self], value: Any) -> Self:
        """Make the JSON object ``value`` an instance, and known objects inside of it too."""
        made = cls(value)
        for field, kind in cls._nested.items():
            inner = made.get(field)
            if isinstance(inner, dict):
                made[field] = kind.of(inner)
            elif isinstance(inner, list):
                made[field] = [kind.of(item) if isinstance(item, dict) else item for item in inner]
        return made

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            for key in (name, name[:-1] if name.endswith("_") else name):
                if key in self:
                    return self[key]
            if name in type(self).__annotations__:
                # A field that an answer may omit.
                return None
        raise AttributeError(f"{type(self).__name__} has no field {name!r}")


class Unset(Enum):
    """The type of :data:`UNSET`."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


#: An omitted field, where ``None`` would mean null.
UNSET = Unset.UNSET


def fields(given: Mapping[str, Any], *nullable: str) -> Dict[str, Any]:
    """Return the fields among the arguments of a typed method: ``None`` means omitted, except for fields where null has a meaning."""
    no_fields = ("self", "token", "request_timeout")
    return {
        name.rstrip("_"): value
        for name, value in given.items()
        if name not in no_fields and value is not UNSET and (value is not None or name in nullable)
    }


class Call(Protocol):
    """The function with which the typed methods call the server."""

    def __call__(self, operation: str, body: Mapping[str, Any], *, timeout: Optional[float] = None, token: Optional[str] = None) -> Any:
        """Call an operation with the fields of ``body`` and return what the JSON of its answer says."""
