"""Every key a scenario file may have, read off the models: what is allowed, default and meaning."""

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticOmit, core_schema

from inventory_env.description.scenario import Scenario

Schema = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """One key of a table."""

    name: str
    allowed: str  # type and range, in words
    default: str  # as written in TOML; "" is required or left out
    meaning: str


@dataclass(frozen=True)
class KeyTable:
    """One kind of table in a scenario file."""

    meaning: str
    keys: list[Key]
    places: list[str] = field(default_factory=list)  # where the table may stand, "" is the top


class _Written(GenerateJsonSchema):
    """Leaves out what is no part of a file."""

    def handle_invalid_for_json_schema(
        self, schema: core_schema.CoreSchema, error_info: str
    ) -> JsonSchemaValue:
        raise PydanticOmit


def scenario_keys() -> list[KeyTable]:
    """All tables of a scenario file, the file's own top level first."""
    schema = Scenario.model_json_schema(schema_generator=_Written)
    models: dict[str, Schema] = schema["$defs"]
    tables: dict[str, KeyTable] = {}

    def visit(name: str, model: Schema, place: str) -> None:
        meaning = " ".join(model["description"].split("\n\n")[0].split())
        first = name not in tables
        table = tables.setdefault(name, KeyTable(meaning, [], []))
        if place not in table.places:
            table.places.append(place)
        inside = place.partition(" ")[0]
        properties = sorted(model["properties"].items(), key=lambda item: "const" not in item[1])
        for key, value in properties:
            if "description" not in value and "const" not in value:
                continue
            default = "required" if key in model.get("required", ()) else _default(value)
            meaning = " ".join(value.get("description", "which kind of table this is").split())
            if first:
                table.keys.append(Key(key, _allowed(value), default, meaning))
            for reference in [] if place == "store_defaults" else _references(value):
                chosen = models[reference]
                tag = _tag(chosen)
                where = f"{inside}.{key}" if inside else key
                visit(reference, chosen, f"{where} ({tag})" if tag else where)

    visit("Scenario", schema, "")
    return list(tables.values())


def _references(value: Schema) -> list[str]:
    """Names of the models a value may be."""
    if "$ref" in value:
        return [value["$ref"].rsplit("/", 1)[-1]]
    inner = [*value.get("oneOf", ()), *value.get("anyOf", ())]
    if "items" in value:
        inner.append(value["items"])
    return [name for part in inner for name in _references(part)]


def _tag(model: Schema) -> str:
    for key in ("kind", "scheme"):
        if "const" in model["properties"].get(key, {}):
            return f"{key} = {json.dumps(model['properties'][key]['const'])}"
    return ""


def _default(value: Schema) -> str:
    default = value.get("default")
    return "" if default is None or isinstance(default, dict) else json.dumps(default)


def _allowed(value: Schema) -> str:
    if "anyOf" in value:
        parts = [_allowed(part) for part in value["anyOf"] if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(parts))
    if "const" in value or "enum" in value:
        return " | ".join(json.dumps(v) for v in value.get("enum", [value.get("const")]))
    if value.get("type") == "array":
        return _list(value)
    return "table" if _references(value) else f"{_type(value)} {_range(value)}".strip()


def _list(value: Schema) -> str:
    if "prefixItems" in value:
        return f"[{', '.join(_allowed(part) for part in value['prefixItems'])}]"
    inner = _allowed(value["items"])
    return "tables" if inner == "table" else f"list of {inner}"


def _type(value: Schema) -> str:
    words = {"number": "number", "integer": "whole number", "boolean": "true | false"}
    formats = {"date": "date", "path": "file"}
    return formats.get(value.get("format", ""), words.get(value.get("type", ""), "text"))


def _range(value: Schema) -> str:
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    return ", ".join(f"{sign} {value[key]:g}" for key, sign in signs.items() if key in value)
