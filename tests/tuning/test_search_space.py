"""What is sampled is what is trained, and the default is one of the points."""

from pathlib import Path

import optuna
import pytest
from optuna.samplers import RandomSampler

from inventory_env.description.scenario_files import load_scenario, shipped_names
from inventory_env.description.settings import TrainingSettings
from inventory_env.description.training_config import with_training
from inventory_env.errors import InputError
from tuning.search_space import GROUPS, Choice, search_space
from tuning.study_folder import write_config

STEPS = 100_000


@pytest.fixture(params=shipped_names())
def scenario(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    return load_scenario(request.param)


def test_the_default_is_a_point_of_the_space(scenario) -> None:  # type: ignore[no-untyped-def]
    space = search_space(scenario, GROUPS, STEPS)
    assert space.settings(space.defaults) == scenario.training
    for parameter in space.parameters:
        if isinstance(parameter, Choice):
            assert parameter.default in parameter.choices
        else:
            assert parameter.low <= parameter.default <= parameter.high
            assert parameter.low < parameter.high, parameter


def test_what_is_drawn_is_what_train_reads(scenario, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    space = search_space(scenario, GROUPS, STEPS)
    study = optuna.create_study(sampler=RandomSampler(seed=3))
    stores = len(scenario.stores)
    for _ in range(40):
        settings = space.settings(space.draw(study.ask()))
        write_config(tmp_path / "config.toml", settings)
        assert with_training(scenario, tmp_path / "config.toml").training == settings
        assert isinstance(settings.worlds, int)
        worlds, least = settings.worlds, settings.worlds_per_tape
        assert worlds == least or worlds * stores * settings.n_steps <= space.experiences


def test_only_the_searched_groups_move() -> None:
    scenario = load_scenario("three-stores")
    study = optuna.create_study(sampler=RandomSampler(seed=1))
    moved = {}
    for group in GROUPS:
        space = search_space(scenario, [group], STEPS)
        drawn = [space.settings(space.draw(study.ask())) for _ in range(20)]
        moved[group] = {
            key
            for settings in drawn
            for key in TrainingSettings.model_fields
            if getattr(settings, key) != getattr(scenario.training, key)
        }
    assert moved["reward"] == {"reward"}
    assert moved["actions"] == {"actions"}
    assert moved["ppo"] >= {"learning_rate", "n_steps", "worlds", "gamma", "clip_range", "hidden"}
    assert not moved["ppo"] & {"reward", "actions", "steps", "algorithm"}


def test_what_no_group_moves_stays_as_the_scenario_has_it() -> None:
    base = load_scenario("three-stores")
    reward = base.training.reward.model_copy(update={"credit": "now"})
    space = search_space(with_training(base, None, reward=reward), GROUPS, STEPS)
    study = optuna.create_study(sampler=RandomSampler(seed=1))
    assert space.settings(space.draw(study.ask())).reward.credit == "now"


def test_who_is_taught_by_weights_stays_so() -> None:
    space = search_space(load_scenario("original"), ["reward"], STEPS)
    study = optuna.create_study(sampler=RandomSampler(seed=1))
    presets = {space.settings(space.draw(study.ask())).reward.preset for _ in range(20)}
    assert presets == {"original"}
    space = search_space(load_scenario("three-stores"), ["reward"], STEPS)
    study = optuna.create_study(sampler=RandomSampler(seed=1))
    presets = {space.settings(space.draw(study.ask())).reward.preset for _ in range(20)}
    assert presets == {"cost", "original"}


def test_maskable_ppo_is_not_offered_continuous_actions() -> None:
    scenario = with_training(load_scenario("three-stores"), None, algorithm="maskable-ppo")
    (parameter,) = search_space(scenario, ["actions"], STEPS).parameters
    assert isinstance(parameter, Choice)
    assert "continuous" not in parameter.choices


def test_a_limit_on_the_divergence_that_the_user_set_can_be_written_down(tmp_path: Path) -> None:
    """TOML has no null, so a limit in the scenario could not be taken away by a file."""
    scenario = with_training(load_scenario("three-stores"), None, target_kl=0.05)
    space = search_space(scenario, ["ppo"], STEPS)
    study = optuna.create_study(sampler=RandomSampler(seed=1))
    for _ in range(20):
        settings = space.settings(space.draw(study.ask()))
        write_config(tmp_path / "config.toml", settings)
        assert with_training(scenario, tmp_path / "config.toml").training == settings


@pytest.mark.parametrize(("groups", "message"), [(["sarsa"], "sarsa"), ([], "nothing to search")])
def test_unknown_groups_are_refused(groups: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        search_space(load_scenario("three-stores"), groups, STEPS)
