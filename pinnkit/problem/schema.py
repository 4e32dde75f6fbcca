"""The keys of a problem file and the types of their values: the edge at which pydantic checks, and nothing past it."""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, final

import sympy
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError
from pydantic.json_schema import WithJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError

from pinnkit.errors import Mistake, Place, unknown
from pinnkit.problem.names import short
from pinnkit.problem.observation_keys import ObservationKeys
from pinnkit.problem.table_keys import TableKeys
from pinnkit.problem.unknown import UNKNOWN_SCHEMA
from pinnkit.shapes import SHAPES

Where = Callable[..., Place]
"""The place of the value at a path of keys, called as ``where("conditions", "walls", "on")``."""


_LARGEST = 1e300


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _must(need: str) -> PydanticCustomError:
    """A complaint of the form `key` must be `need`, not what was given."""
    return PydanticCustomError("must", "{need}", {"need": need})


def _number(value: Any) -> int | float | str:
    if isinstance(value, str) or (_is_number(value) and abs(value) < _LARGEST):
        return value
    raise _must('a finite number, or a constant as text such as "2*pi"')


def _parameter(value: Any) -> Any:
    return value if isinstance(value, Mapping) else _number(value)


def _known_output(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "value" in value and set(value) <= {"value", "accuracy"}:
            return {key: _number(entry) for key, entry in value.items()}
        raise _must("a number, or {value: 5.58, accuracy: 1e-3}")
    return _number(value)


def _end(value: Any) -> Any:
    return value if isinstance(value, float) and math.isinf(value) else _number(value)


def _equation(value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) <= {"python", "arguments"} and isinstance(value.get("python"), str):
        return value
    if isinstance(value, str | sympy.Basic) or callable(value):
        return value
    raise _must('an equation as text, such as "u_t = u_xx"')


def _condition_equation(value: Any) -> Any:
    if isinstance(value, str | sympy.Basic):
        return value
    raise _must('one equation as text, such as "u = 0"')


def _expression(value: Any) -> Any:
    if isinstance(value, str | sympy.Basic) or _is_number(value):
        return value
    raise _must('an expression as text, such as "sin(pi*x)"')


def _function(value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"fourier"} and isinstance(value["fourier"], str | Mapping):
        return value
    if isinstance(value, str | sympy.Basic) or _is_number(value):
        return value
    raise _must('an expression as text, such as "sin(pi*x)", or {fourier: data/modes.csv}')


def _names(value: Any) -> Any:
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
        return list(value)
    raise _must("a list of names, such as [u, v]")


def _one_or_more(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
        return list(value)
    raise _must("a text or a list of texts")


def _none_or_more(value: Any) -> Any:
    return [] if value == [] else _one_or_more(value)


def _equations(value: Any) -> Any:
    if isinstance(value, list | tuple):
        names = ["equation"] if len(value) == 1 else [f"equation_{i}" for i in range(1, len(value) + 1)]
        return dict(zip(names, value, strict=True))
    return value


def _interval(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return {"range": value}
    if isinstance(value, Mapping):
        return value
    raise _must('an interval such as [0, 1], or {range: [0, "2*pi"], periodic: true}')


def _range(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) == 2:
        return list(value)
    raise _must("the two ends of an interval, such as [0, 1]")


def _interface(value: Any) -> Any:
    return {"equation": value} if isinstance(value, str) else value


_TEXT = {"type": "string"}
_TEXTS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
_NUMBER = {"anyOf": [{"type": "number"}, _TEXT]}
_RANGE = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
_INTERVAL = {
    "type": "object",
    "properties": {
        "range": _RANGE,
        "periodic": {"type": "boolean"},
        "breaks": {"type": "array", "items": _NUMBER},
        "scale": _NUMBER,
    },
    "required": ["range"],
    "additionalProperties": False,
}

_FAMILY = {
    "type": "object",
    "properties": {"range": _RANGE},
    "required": ["range"],
    "additionalProperties": False,
}
_KNOWN_OUTPUT = {
    "type": "object",
    "properties": {"value": _NUMBER, "accuracy": _NUMBER},
    "required": ["value"],
    "additionalProperties": False,
}
_SERIES = {
    "type": "object",
    "properties": {
        "columns": {"type": "array", "items": _TEXT},
        "rows": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
    },
    "required": ["columns", "rows"],
    "additionalProperties": False,
}
_FOURIER = {
    "type": "object",
    "properties": {"fourier": {"anyOf": [_TEXT, _SERIES]}},
    "required": ["fourier"],
    "additionalProperties": False,
}

Number = Annotated[Any, BeforeValidator(_number), WithJsonSchema(_NUMBER)]
ParameterKeys = Annotated[
    Any, BeforeValidator(_parameter), WithJsonSchema({"anyOf": [*_NUMBER["anyOf"], _FAMILY, UNKNOWN_SCHEMA]})
]
KnownOutputKeys = Annotated[
    Any, BeforeValidator(_known_output), WithJsonSchema({"anyOf": [*_NUMBER["anyOf"], _KNOWN_OUTPUT]})
]
End = Annotated[Any, BeforeValidator(_end), WithJsonSchema(_NUMBER)]
EquationText = Annotated[Any, BeforeValidator(_equation), WithJsonSchema(_TEXT)]
ConditionText = Annotated[Any, BeforeValidator(_condition_equation), WithJsonSchema(_TEXT)]
ExpressionText = Annotated[Any, BeforeValidator(_expression), WithJsonSchema(_NUMBER)]
FunctionKeys = Annotated[
    Any, BeforeValidator(_function), WithJsonSchema({"anyOf": [{"type": "number"}, _TEXT, _FOURIER]})
]
Names = Annotated[list[str], BeforeValidator(_names), WithJsonSchema({"type": "array", "items": _TEXT, "minItems": 1})]
Texts = Annotated[list[str], BeforeValidator(_one_or_more), WithJsonSchema(_TEXTS)]
Accepted = Annotated[list[str], BeforeValidator(_none_or_more), WithJsonSchema({"type": "array", "items": _TEXT})]


def _or_texts(schema: Any) -> Any:
    """A schema in which every number may be a text over the parameters."""
    if isinstance(schema, Mapping):
        return _NUMBER if schema.get("type") == "number" else {k: _or_texts(v) for k, v in schema.items()}
    return [_or_texts(part) for part in schema] if isinstance(schema, list) else schema


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


@final
class Interval(_Part):
    """The interval of a coordinate, joined at its ends where it is periodic, mapped where an end is infinite."""

    range: Annotated[list[End], BeforeValidator(_range), WithJsonSchema(_RANGE)]
    periodic: StrictBool = False
    breaks: list[Number] = []
    scale: Number = None


@final
class ConditionKeys(_Part):
    """Where a condition holds, and the equation that holds there; one of integrals may hold for the whole domain."""

    on: Texts | None = Field(None, description='A face such as "x = -1", a list of faces, or "boundary".')
    equation: ConditionText


@final
class InterfaceKeys(_Part):
    """What holds where two regions meet."""

    equation: StrictStr = Field(description="An expression without a jump, or an equation with `jump(...)`.")
    between: Names | None = Field(None, description="The two regions; else wherever two of them meet.")


@final
class ReferenceKeys(_Part):
    """The exact fields, or the name of a classical method beside its options; unknown parameters; known outputs."""

    model_config = ConfigDict(extra="allow")

    exact: dict[StrictStr, ExpressionText] | None = None
    method: StrictStr | None = None
    parameters: dict[StrictStr, Number] = {}
    outputs: dict[StrictStr, KnownOutputKeys] = {}


_INTERFACE = {
    "type": "object",
    "properties": {"equation": _TEXT, "between": {"type": "array", "items": _TEXT}},
    "required": ["equation"],
    "additionalProperties": False,
}
ShapeKeys = Annotated[dict[StrictStr, Any], WithJsonSchema(_or_texts(SHAPES.json_schema()))]
RegionRange = Annotated[list[Any], BeforeValidator(_range), WithJsonSchema(_RANGE)]
Interfaces = dict[
    StrictStr,
    Annotated[InterfaceKeys, BeforeValidator(_interface), WithJsonSchema({"anyOf": [_TEXT, _INTERFACE]})],
]
Coordinates = dict[
    StrictStr,
    Annotated[Interval, BeforeValidator(_interval), WithJsonSchema({"anyOf": [_RANGE, _INTERVAL]})],
]


@final
class ProblemKeys(_Part):
    """A problem of differential equations."""

    model_config = ConfigDict(json_schema_extra={"required": ["name", "coordinates", "fields", "equations"]})

    name: StrictStr | None = Field(None, description="The problem's name, which also names its run folder.")
    title: StrictStr | None = Field(None, description="One line that says what it is; else the first comment line.")
    coordinates: Coordinates | None = Field(None, description="The independent variables and their intervals.")
    time: StrictStr | None = Field(None, description="The coordinate that is time, where there is one.")
    fields: Names | None = Field(None, description="The unknown functions of all coordinates.")
    complex: Names | None = Field(None, description="Those of the fields whose values are complex.")
    parameters: dict[StrictStr, ParameterKeys] = Field({}, description="Named numbers, ranges of them, unknown ones.")
    units: dict[StrictStr, StrictStr] = Field({}, description="Units of coordinates, fields, parameters, such as `mm`.")
    functions: dict[StrictStr, FunctionKeys] = Field({}, description="Named expressions, and Fourier series.")
    equations: Annotated[
        dict[StrictStr, EquationText] | None,
        BeforeValidator(_equations),
        WithJsonSchema(
            {"anyOf": [{"type": "object", "additionalProperties": _TEXT}, {"type": "array", "items": _TEXT}]}
        ),
    ] = Field(None, description="The differential equations, by name or as a list.")
    conditions: dict[StrictStr, ConditionKeys] = Field({}, description="What holds on the faces, by name.")
    observations: dict[StrictStr, ObservationKeys] = Field({}, description="Measurements, by name.")
    symmetry: dict[StrictStr, Texts] = Field({}, description="Fields that are `odd in x` or `even in x`.")
    divergence_free: Names | None = Field(None, description="Two fields made free of divergence, such as [u, v].")
    stream_function: ExpressionText | None = Field(None, description="Their stream function, with `N` the network.")
    states: StrictInt = Field(1, description="How many states of an eigenproblem are wanted.")
    ansatz: dict[StrictStr, ExpressionText] = Field({}, description="Fields as expressions of the network `N`.")
    shapes: dict[StrictStr, ShapeKeys] = Field({}, description="Shapes in space, by name.")
    domain: StrictStr | None = Field(None, description="How they are combined, such as `plate - hole`.")
    regions: dict[StrictStr, dict[StrictStr, RegionRange]] = Field({}, description="Parts with networks of their own.")
    interfaces: Interfaces = Field({}, description="What holds where two regions meet, by name.")
    groups: dict[StrictStr, Names] = Field({}, description="Terms that are one loss, by the name of the group.")
    derived: dict[StrictStr, ExpressionText] = Field({}, description="Fields made of the solved ones, by name.")
    outputs: dict[StrictStr, ExpressionText] = Field({}, description="Numbers made of the solved fields, by name.")
    tables: dict[StrictStr, TableKeys] = Field({}, description="Expressions along lines or at points, as files.")
    reference: ReferenceKeys | None = Field(None, description="What is known of the answer.")
    tolerance: Number = Field(1e-3, description="The relative L2 error up to which an answer counts as verified.")
    config: StrictStr = Field("levenberg_marquardt", description="The recommended way to solve it.")
    accept: Accepted = Field([], description="Findings of the checks that are meant to be as they are.")


def problem_schema() -> dict[str, Any]:
    """The JSON schema of a problem file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ProblemKeys.model_json_schema()}


def read_keys(data: Mapping[str, Any], where: Where, key_where: Where) -> tuple[ProblemKeys, list[Mistake]]:
    """The keys whose values have the right type, and a mistake for each that has not.

    What is wrong is left out, so that the mistakes in what remains can be reported beside it.
    """
    keys = {str(key): _named(value) for key, value in data.items()}
    mistakes: list[Mistake] = []
    while True:
        try:
            return ProblemKeys.model_validate(keys), mistakes
        except ValidationError as error:
            details = error.errors(include_url=False)
            mistakes += [_mistake(detail, where, key_where) for detail in details]
            keys = _without(keys, details)


def _named(value: Any) -> Any:
    """A mapping with keys of text, as those of a file always are."""
    return {str(key): entry for key, entry in value.items()} if isinstance(value, Mapping) else value


def _mistake(detail: ErrorDetails, where: Where, key_where: Where) -> Mistake:
    path = detail["loc"]
    shown = ".".join(str(part) for part in path)
    if detail["type"] == "extra_forbidden":
        message, hint = unknown("key", short(str(path[-1])), _known_keys(path))
        inside = f" in `{'.'.join(map(str, path[:-1]))}`" if len(path) > 1 else ""
        return Mistake(message + inside, key_where(*path), hint=hint)
    if detail["type"] == "missing":
        return Mistake(f"`{'.'.join(map(str, path[:-1]))}` needs the key `{path[-1]}`", where(*path[:-1]))
    needs = {
        "must": detail["msg"],
        "string_type": "a text",
        "bool_type": "true or false",
        "int_type": "a whole number",
        "dict_type": "a mapping of names",
        "model_type": "a mapping of keys",
        "model_attributes_type": "a mapping of keys",
    }
    need = needs.get(detail["type"], detail["msg"])
    given = "nothing" if detail["input"] is None else f"`{short(str(detail['input']))}`"
    return Mistake(f"`{shown}` must be {need}, not {given}", where(*path))


def _known_keys(path: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand where the last key of a path does."""
    models: dict[int | str, type[BaseModel]] = {
        "coordinates": Interval,
        "conditions": ConditionKeys,
        "interfaces": InterfaceKeys,
    }
    return list((models[path[0]] if len(path) > 1 else ProblemKeys).model_fields)


def _without(keys: Mapping[str, Any], details: list[ErrorDetails]) -> dict[str, Any]:
    """A copy of the keys without those that are unknown, and without the entries whose values are wrong."""
    kept = copy.deepcopy(dict(keys))
    if isinstance(kept.get("equations"), list | tuple):
        kept["equations"] = _equations(kept["equations"])
    for detail in details:
        path = [str(part) for part in detail["loc"]]
        named = len(path) > 1 and path[0] != "reference" and isinstance(kept.get(path[0]), dict)
        path = path if detail["type"] == "extra_forbidden" else path[: 2 if named else 1]
        holder: Any = kept
        for part in path[:-1]:
            holder = holder.get(part) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and path[-1] in holder:
            del holder[path[-1]]
        else:
            kept.pop(path[0], None)
    return kept
