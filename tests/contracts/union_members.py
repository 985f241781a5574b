"""The members of a tagged union, so that no kind can be added without an example."""

from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter


def kinds(union: Any) -> set[str]:
    """Every value of `kind` that an annotated union of models knows."""
    members = get_args(get_args(union)[0])
    return {get_args(member.model_fields["kind"].annotation)[0] for member in members}


def assert_reads_back(union: Any, model: BaseModel) -> None:
    """Written as a file would hold it, the model is read as the same model."""
    table = model.model_dump(mode="json", exclude_none=True)
    assert TypeAdapter(union).validate_python(table) == model
    assert TypeAdapter(union).validate_json(model.model_dump_json()) == model
