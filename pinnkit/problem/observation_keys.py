"""The keys of one set of observations as a problem file may hold them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

_TEXT = {"type": "string"}
_NUMBERS = {"type": "array", "items": {"type": "number"}}
_CELLS = {"type": "array", "items": _NUMBERS}
_NAMES = {"type": "object", "additionalProperties": _TEXT}
_AMOUNT = {"anyOf": [{"type": "number"}, _TEXT]}
_SET = {
    "type": "object",
    "properties": {
        "file": {**_TEXT, "description": "A CSV file beneath the problem's folder."},
        "table": {**_TEXT, "description": "The text of such a file."},
        "columns": {"anyOf": [_NAMES, {"type": "array", "items": _TEXT}]},
        "rows": _CELLS,
        "points": {"anyOf": [_NUMBERS, _CELLS]},
        "noise": {"anyOf": [_AMOUNT, {"type": "object", "additionalProperties": _AMOUNT}]},
    },
    "additionalProperties": _NUMBERS,
}


def _observed(value: Any) -> Any:
    if isinstance(value, Mapping) and value:
        return {str(key): entry for key, entry in value.items()}
    need = "a table, such as {file: data/x.csv, noise: 0.01} or {x: [0, 1], u: [2.0, 2.1]}"
    raise PydanticCustomError("must", "{need}", {"need": need})


ObservationKeys = Annotated[Any, BeforeValidator(_observed), WithJsonSchema(_SET)]
