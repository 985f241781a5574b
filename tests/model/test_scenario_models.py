"""What a user can write: every field is described, unknown keys are refused, files read back."""

import pytest
from pydantic import BaseModel, ValidationError

from inventory_env.description import demand, lead_time, rules, scenario, settings
from inventory_env.description.scenario_files import (
    load_scenario,
    parse_scenario,
    scenario_text,
    shipped_names,
)
from inventory_env.errors import InputError
from inventory_env.frozen import Frozen
from inventory_env.recorded import history


def _models():
    modules = (demand, history, lead_time, rules, scenario, settings)
    return sorted(
        {
            value
            for module in modules
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, BaseModel) and value is not Frozen
        },
        key=lambda model: model.__name__,
    )


TAGS = {"kind", "scheme"}  # choose the model; its docstring describes them


@pytest.mark.parametrize("model", _models(), ids=lambda model: model.__name__)
def test_every_field_is_described_and_unknown_keys_are_refused(model):
    for name, field in model.model_fields.items():
        if name not in TAGS and not field.exclude:
            assert field.description, f"{model.__name__}.{name}"
    assert model.__doc__ or model.__name__.startswith("_")
    assert model.model_config["frozen"]
    with pytest.raises(ValidationError) as refused:
        model.model_validate({"no_such_key": 1})
    assert any(error["type"] == "extra_forbidden" for error in refused.value.errors())


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_scenario_reads_back_equal(name, tmp_path):
    loaded = load_scenario(name)
    text = scenario_text(loaded)
    assert parse_scenario(text, source="again", base=tmp_path) == loaded
    assert scenario_text(parse_scenario(text, source="again", base=tmp_path)) == text
    assert loaded.name == name
    assert loaded.description


STORE = {
    "name": "store",
    "demand": {"kind": "poisson", "mean": 3.0},
    "lead_time": 1,
    "holding_cost": 1,
    "shortage_cost": 1,
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stores": [STORE, STORE]}, "store names must be unique"),
        ({"warm_up": 10}, "warm_up must be shorter than periods = 10"),
        ({"stores": [STORE | {"lead_time": 10}]}, "lead_time of store store must be shorter"),
        (
            {"stores": [STORE | {"orders": {"pack_size": 2.5}}]},
            "orders.pack_size of store store must be whole",
        ),
        ({"warehouse": {"orders": {"minimum": 0.5}}}, "orders.minimum of the warehouse"),
        ({"supplier": {"capacity": 7.5}}, "capacity of the supplier must be whole"),
        (
            {"supplier": {"orders": {"minimum": 8, "maximum": 7}}},
            "maximum must be at least minimum",
        ),
        (
            {
                "units": "continuous",
                "stores": [STORE, STORE | {"name": "b", "orders": {"pack_size": 2}}],
            },
            "for all stores or for none",
        ),
        (
            {
                "period": "week",
                "stores": [
                    STORE
                    | {"demand": STORE["demand"] | {"season": {"weekday": [1, 1, 1, 1, 1, 1, 1]}}}
                ],
            },
            'needs period = "day"',
        ),
    ],
)
def test_contradictions_are_refused(changes, message):
    table = {"name": "wrong", "periods": 10, "stores": [STORE]} | changes
    with pytest.raises(ValidationError, match=message):
        scenario.Scenario.model_validate(table)


def test_a_message_names_file_field_value_and_what_is_allowed():
    text = 'name = "x"\nperiods = 0\n[[stores]]\nname = "a"\n'
    with pytest.raises(InputError, match=r"my.toml: periods: .*greater than or equal to 1, got 0"):
        parse_scenario(text, source="my.toml", base=None)
