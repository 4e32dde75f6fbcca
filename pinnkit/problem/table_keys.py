"""The keys of one table as a problem file may hold them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

_NUMBER = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_SPAN = {"anyOf": [*_NUMBER["anyOf"], {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}]}
_TABLE = {
    "type": "object",
    "properties": {
        "of": {"anyOf": [{"type": "string"}, _TEXTS], "description": "The expressions that become columns."},
        "on": {
            "type": "object",
            "additionalProperties": _SPAN,
            "description": "Every coordinate: a value, or where it goes from and to.",
        },
        "points": {"type": "integer", "minimum": 2, "description": "How many, both ends among them."},
    },
    "required": ["of", "on"],
    "additionalProperties": False,
}


def _table(value: Any) -> Any:
    if isinstance(value, Mapping) and {"of", "on"} <= set(value) <= {"of", "on", "points"}:
        return {str(key): entry for key, entry in value.items()}
    need = "a table, such as {of: [u, u_x], on: {x: [0, 1], t: 0.5}, points: 101}"
    raise PydanticCustomError("must", "{need}", {"need": need})


TableKeys = Annotated[Any, BeforeValidator(_table), WithJsonSchema(_TABLE)]
