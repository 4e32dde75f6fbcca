"""The JSON schema says the same as the reader."""

import json
from pathlib import Path

from pinnkit.problem.schema import ProblemKeys, problem_schema


def test_the_schema_is_json_and_lists_every_key() -> None:
    schema = json.loads(json.dumps(problem_schema()))
    assert set(schema["properties"]) == set(ProblemKeys.model_fields)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["name", "coordinates", "fields", "equations"]
    assert all(entry.get("description") for entry in schema["properties"].values())


def test_every_reference_in_the_schema_is_defined() -> None:
    text = json.dumps(problem_schema())
    named = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert named == set(problem_schema()["$defs"])


def test_the_page_explains_every_key() -> None:
    page = (Path(__file__).parents[3] / "docs" / "problem_file.md").read_text(encoding="utf-8")
    for key in ProblemKeys.model_fields:
        assert f"`{key}`" in page
