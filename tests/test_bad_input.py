"""Bad input of every kind ends in one clear line and exit code 2, and leaves nothing behind."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import cli
from inventory_env.description.rules import CappedBaseStock
from inventory_env.description.scenario_files import load_scenario
from policies.rules.rule_book import RuleBook
from policies.runs import training

SCENARIO = """\
name = "two-shops"
periods = 40
warm_up = 10
demand_correlation = 0.1

[[stores]]
name = "a"
demand = { kind = "poisson", mean = 5.0 }
lead_time = 2
holding_cost = 1.0
shortage_cost = 4.0

[[stores]]
name = "b"
demand = { kind = "negative-binomial", mean = 4.0, sd = 3.0 }
lead_time = { kind = "discrete", periods = [1, 2], weights = [0.5, 0.5] }
holding_cost = 1.0
shortage_cost = 4.0

[warehouse]
lead_time = 1
holding_cost = 0.2

[supplier]
capacity = 20

[training]
steps = 64
worlds = 2
worlds_per_tape = 2
n_steps = 8
batch_size = 8
epochs = 1
hidden = [4]
validations = 1
validation_worlds = 2
"""

STORE_B = SCENARIO[SCENARIO.index('[[stores]]\nname = "b"') : SCENARIO.index("[warehouse]")]
TRACE = SCENARIO.replace('{ kind = "poisson", mean = 5.0 }', '{ kind = "trace", mean = 5, sd = 1 }')
CALENDAR = 'capacity = 20\ndisruptions = { kind = "calendar", down = [[5, 3]] }'
MARKOV = 'capacity = 20\ndisruptions = { kind = "markov", mean_up = 10, mean_down = 0.5 }'
MASK = 'algorithm = "maskable-ppo"\nactions = { scheme = "continuous" }'

# What is wrong, the text it replaces, the text it becomes, what the message must say.
SCENARIOS = [
    ("TOML syntax", "periods = 40", "periods = = 40", ["not valid TOML", "line 2"]),
    ("key given twice", "periods = 40", "periods = 40\nperiods = 41", ["not valid TOML", "line 3"]),
    ("unknown key", "warm_up", "warmup", ["warmup", "unknown key"]),
    ("unknown key of a store", "holding_cost = 1.0", "holding = 1", ["stores.0.", "holding"]),
    ("unknown key of the demand", "mean = 5.0", "mean = 5.0, sd = 2", ["stores.0.demand", "sd"]),
    ("unknown table", "[supplier]", "[factory]", ["factory", "unknown key"]),
    ("unknown training key", "n_steps", "nsteps", ["training.nsteps", "unknown key"]),
    ("missing name", 'name = "two-shops"\n', "", ["name", "required"]),
    ("missing periods", "periods = 40\nwarm_up = 10\n", "", ["periods", "required"]),
    ("missing price", "shortage_cost = 4.0\n", "", ["stores.0.shortage_cost", "required"]),
    ("missing demand", 'demand = { kind = "poisson", mean = 5.0 }\n', "", ["demand", "required"]),
    ("no stores", SCENARIO[SCENARIO.index("[[stores]]") :], "", ["stores", "required"]),
    ("empty stores", SCENARIO[SCENARIO.index("[[stores]]") :], "stores = []", ["stores"]),
    ("stores as a table", SCENARIO[SCENARIO.index("[[stores]]") :], "stores = 3", ["stores", "3"]),
    ("text for a number", "periods = 40", 'periods = "long"', ["periods", "'long'"]),
    ("fraction for a count", "periods = 40", "periods = 40.5", ["periods", "40.5"]),
    ("no periods", "periods = 40", "periods = 0", ["periods", "got 0"]),
    ("endless episode", "periods = 40", "periods = 1000000", ["periods", "100000"]),
    ("warm-up of a whole episode", "warm_up = 10", "warm_up = 40", ["warm_up", "40"]),
    ("negative warm-up", "warm_up = 10", "warm_up = -1", ["warm_up", "-1"]),
    ("negative price", "holding_cost = 1.0", "holding_cost = -1", ["holding_cost", "got -1"]),
    ("infinite price", "holding_cost = 1.0", "holding_cost = inf", ["holding_cost", "inf"]),
    ("not a number", "mean = 5.0", "mean = nan", ["stores.0.demand.poisson.mean", "nan"]),
    ("no demand", "mean = 5.0", "mean = 0", ["mean", "greater than 0"]),
    ("unknown demand kind", '"poisson"', '"posson"', ["stores.0.demand", "posson"]),
    ("demand without kind", 'kind = "poisson", ', "", ["stores.0.demand", "kind"]),
    ("spread too small", "sd = 3.0", "sd = 2.0", ["sd must exceed sqrt(mean)", "got 2"]),
    (
        "bounds",
        '"poisson", mean = 5.0',
        '"uniform", low = 5, high = 2',
        ["high must be above", "2"],
    ),
    ("six weekdays", "mean = 5.0", "mean = 5, season = { weekday = [1,1,1,1,1,1] }", ["got 6"]),
    ("weekdays", "mean = 5.0", "mean = 5, season = { weekday = [2,1,1,1,1,1,1] }", ["average 1"]),
    ("cycle", "mean = 5.0", "mean = 5, season = { cycle = [1.5, 1] }", ["cycle", "average 1"]),
    ("short cycle", "mean = 5.0", "mean = 5, season = { cycle = [1] }", ["cycle", "got 1"]),
    ("season", "mean = 5.0", "mean = 5, season = { yearly_amplitude = 1.5 }", ["yearly_amplitude"]),
    ("trace without a file", SCENARIO, TRACE, ["store a", "--demand"]),
    ("lead time", "lead_time = 2", "lead_time = -1", ["stores.0.lead_time", "got -1"]),
    ("fractional lead time", "lead_time = 2", "lead_time = 1.5", ["lead_time", "1.5"]),
    ("weights", "weights = [0.5, 0.5]", "weights = [0.5, 0.4]", ["weights must sum to 1", "0.9"]),
    ("weights short", "weights = [0.5, 0.5]", "weights = [1.0]", ["weights needs 2 values", "1"]),
    ("lead times twice", "periods = [1, 2]", "periods = [2, 2]", ["all be different", "[2, 2]"]),
    ("lead time beyond the episode", "lead_time = 2", "lead_time = 40", ["store a", "40"]),
    ("store names", 'name = "b"', 'name = "a"', ["store names must be unique", "a more than once"]),
    ("empty store name", 'name = "b"', 'name = ""', ["stores.1.name"]),
    ("name pattern", '"two-shops"', '"Two Shops/.."', ["name", "Two Shops"]),
    ("correlation", "demand_correlation = 0.1", "demand_correlation = 1.0", ["demand_correlation"]),
    ("choice", "warm_up = 10", 'unmet_demand = "gone"', ["unmet_demand", "'lost'", "'gone'"]),
    ("capacity twice", "capacity = 20", "capacity = 20\ncapacity_ratio = 2", ["capacity_ratio"]),
    ("capacity ratio", "capacity = 20", "capacity_ratio = 0.9", ["capacity_ratio", "0.9"]),
    ("calendar order", "capacity = 20", CALENDAR, ["down", "first <= last", "(5, 3)"]),
    ("disruption length", "capacity = 20", MARKOV, ["mean_down", "0.5"]),
    ("rationing", "lead_time = 1\n", 'rationing = "fair"\n', ["warehouse.rationing", "'fair'"]),
    ("rule", "lead_time = 1\n", 'rule = { kind = "sq" }\n', ["warehouse.rule", "sq"]),
    ("review", "lead_time = 2", "lead_time = 2\norders = { review = 0 }", ["orders.review", "0"]),
    ("half a pack", "lead_time = 2", "lead_time = 2\norders = { pack_size = 2.5 }", ["pack_size"]),
    (
        "starting stock",
        "lead_time = 2",
        'lead_time = 2\nstarting_stock = "all"',
        ["starting_stock"],
    ),
    ("learning rates", "n_steps = 8", "learning_rate = 1e-6", ["final_learning_rate"]),
    ("worlds and tapes", "worlds = 2", "worlds = 3", ["worlds must be a multiple", "3"]),
    (
        "action scheme",
        "n_steps = 8",
        'actions = { scheme = "guess" }',
        ["training.actions", "guess"],
    ),
    ("mask of a number", "n_steps = 8", MASK, ["training", "maskable-ppo", "continuous"]),
    ("extra", "n_steps = 8", 'observe = ["weather"]', ["training.observe", "weather"]),
]


def csv_text(days: int = 200, demand: str = "7", first: date = date(2024, 1, 1)) -> str:
    rows = [
        f"{first + timedelta(days=day)},{store},{demand if (day, store) == (30, 'a') else day % 5}"
        for day in range(days)
        for store in ("a", "b")
    ]
    return "date,store,demand\n" + "\n".join(rows) + "\n"


TWO_ITEMS = (
    "date,store,demand,item\n"
    + "\n".join(
        f"{line},{item}" for line in csv_text().strip().split("\n")[1:] for item in ("tea", "milk")
    )
    + "\n"
)

UNDECIDED = "date,store,demand\n" + "".join(
    f"0{day}/01/2024,{store},3\n" for day in range(1, 10) for store in "ab"
)

# What is wrong, the file, further options, what the message must say.
CSV_FILES: list[tuple[str, str | bytes, list[str], list[str]]] = [
    ("empty file", "", [], ["demand.csv", "empty"]),
    ("header only", "date,store,demand\n", [], ["demand.csv", "no rows"]),
    ("binary", bytes(range(256)), [], ["demand.csv", "CSV"]),
    ("missing column", csv_text().replace("demand\n", "sold\n", 1), [], ["'demand'", "sold"]),
    ("only sales", csv_text().replace("demand\n", "sales\n", 1), [], ["on_hand", "in_stock"]),
    ("named column", csv_text(), ["--store-column", "shop"], ["'shop'", "date, store, demand"]),
    ("bad date", csv_text().replace("2024-01-09,b", "09/01/2024,b"), [], ["row 19", "09/01/2024"]),
    ("day or month", UNDECIDED, [], ["row 4", "--date-format", "%d/%m/%Y", "%m/%d/%Y"]),
    ("other format", csv_text(), ["--date-format", "%d/%m/%Y"], ["row 2", "%d/%m/%Y"]),
    ("bad format", csv_text(), ["--date-format", "%d/%m"], ["date_format", "'%d/%m'"]),
    ("thousands", csv_text(demand='"1,234"'), [], ["row 62", "1.234", "1234", "separator"]),
    ("no such date", csv_text().replace("2024-01-31,a", "2024-02-30,a"), [], ["2024-02-30"]),
    ("negative", csv_text(demand="-3"), [], ["row 62", "-3"]),
    ("text", csv_text(demand="many"), [], ["row 62", "many"]),
    ("empty value", csv_text(demand=""), [], ["row 62", "demand"]),
    ("not a number", csv_text(demand="nan"), [], ["row 62", "nan"]),
    ("infinite", csv_text(demand="inf"), [], ["row 62", "inf"]),
    ("fraction", csv_text(demand="2.5"), [], ["row 62", "2.5", "--units continuous"]),
    ("whole units", csv_text(demand="2.5"), ["--units", "whole"], ["row 62", "2.5", "whole"]),
    ("too many values", csv_text(demand="7,8"), [], ["row 62"]),
    ("several items", TWO_ITEMS, [], ["--item", "tea"]),
    ("unknown item", TWO_ITEMS, ["--item", "cocoa"], ["'cocoa'", "tea"]),
    ("item without items", csv_text(), ["--item", "tea"], ["'tea'", "date, store, demand"]),
    ("too short", csv_text(days=12), [], ["12 dates", "few"]),
    ("one date", csv_text(days=1), [], ["one date"]),
    (
        "gap",
        csv_text(60) + csv_text(60, first=date(2025, 1, 1))[18:],
        [],
        ["2024-02-29", "missing"],
    ),
    ("test outside", csv_text(), ["--test-from", "2030-01-01"], ["test_from", "2030-01-01"]),
    ("test no date", csv_text(), ["--test-from", "soon"], ["test_from", "soon"]),
]

# What is wrong, the command, what the message must say. Files: good.toml, good.csv, junk, folder/.
COMMANDS = [
    ("unknown command", ["learn"], ["learn"]),
    ("unknown option", ["train", "--fast"], ["--fast"]),
    ("unknown scenario", ["train", "--scenario", "four-stores"], ["four-stores", "three-stores"]),
    ("missing scenario file", ["train", "--scenario", "my.toml"], ["my.toml", "No such file"]),
    ("folder as scenario", ["train", "--scenario", "folder"], ["folder", "directory"]),
    ("binary scenario", ["train", "--scenario", "junk"], ["junk", "not UTF-8"]),
    ("show unknown", ["scenarios", "show", "nothing"], ["nothing", "three-stores"]),
    ("check without file", ["scenarios", "check"], ["file"]),
    ("missing CSV", ["train", "--demand", "none.csv"], ["none.csv", "No such file"]),
    ("folder as CSV", ["train", "--demand", "folder"], ["folder", "directory"]),
    ("CSV option without CSV", ["train", "--item", "tea"], ["--demand", "--item"]),
    ("date format without CSV", ["tune", "--date-format", "%d/%m/%Y"], ["--demand"]),
    ("unknown units", ["train", "--units", "half"], ["--units", "'half'", "'continuous'"]),
    ("no steps", ["train", "--steps", "0"], ["--steps", "1"]),
    ("steps in words", ["train", "--steps", "many"], ["--steps"]),
    ("negative seed", ["train", "--seed", "-1"], ["--seed", "0"]),
    ("unknown algorithm", ["train", "--algo", "a2c"], ["--algo", "a2c", "recurrent-ppo"]),
    ("runs is a file", ["train", "--runs", "junk"], ["--runs", "junk"]),
    ("missing config", ["train", "--config", "none.toml"], ["none.toml", "No such file"]),
    ("folder as config", ["train", "--config", "folder"], ["folder", "directory"]),
    ("binary config", ["train", "--config", "junk"], ["junk", "not UTF-8"]),
    ("config syntax", ["train", "--config", "syntax.toml"], ["syntax.toml", "not valid TOML"]),
    ("config key", ["train", "--config", "key.toml"], ["key.toml", "momentum", "unknown key"]),
    ("config value", ["train", "--config", "value.toml"], ["value.toml", "gamma", "1.5"]),
    ("config table", ["train", "--config", "table.toml"], ["table.toml", "stores"]),
    ("unknown tier", ["train", "--learn", "stores,shops"], ["learn", "shops", "warehouse"]),
    ("tier twice", ["train", "--learn", "stores,stores"], ["learn", "each tier once"]),
    ("idle tier", ["train", "--learn", "supplier"], ["learn", "supplier", "stores, warehouse"]),
    ("unknown phase", ["train", "--phase", "4"], ["--phase", "3"]),
    ("phase and tiers", ["train", "--phase", "2", "--learn", "stores"], ["--phase", "--learn"]),
    ("phase too early", ["train", "--phase", "2"], ["phase 1", "hmarl train --phase 1"]),
    ("others and no tier", ["train", "--others", "run"], ["--others", "--learn"]),
    ("others nowhere", ["train", "--phase", "2", "--others", "nowhere"], ["nowhere"]),
    ("central recurrent", ["train", "--algo", "recurrent-ppo", "--critic", "central"], ["critic"]),
    ("resume and seed", ["train", "--resume", "run", "--seed", "1"], ["--resume", "--seed"]),
    (
        "resume and scenario",
        ["train", "--resume", "run", "--scenario", "original", "--steps", "5"],
        ["--scenario", "--steps"],
    ),
    ("resume nothing", ["train", "--resume", "nowhere"], ["nowhere", "no such run folder"]),
    ("resume no run", ["train", "--resume", "folder"], ["folder", "scenario.toml"]),
    ("eval without baseline", ["eval", "--untuned"], ["--baseline"]),
    ("one episode", ["eval", "--baseline", "all", "--episodes", "1"], ["--episodes", "2"]),
    ("test seed", ["eval", "--baseline", "all", "--seed", "-5"], ["--seed"]),
    ("no runs", ["eval", "--baseline", "all", "--runs", "folder"], ["folder", "no runs"]),
    ("no runs folder", ["eval", "--baseline", "all"], ["runs", "no runs"]),
    ("missing run", ["eval", "--run", "gone", "--baseline", "all"], ["gone", "no such run folder"]),
    ("run is a file", ["eval", "--run", "junk", "--baseline", "all"], ["junk"]),
    ("out is a file", ["eval", "--baseline", "all", "--out", "junk"], ["--out", "junk"]),
]

# What is wrong, the file, what it holds instead (None: nothing), what the message must say.
RUN_FOLDERS: list[tuple[str, str, str | bytes | None, list[str]]] = [
    ("no scenario", "scenario.toml", None, ["scenario.toml", "missing"]),
    ("bad scenario", "scenario.toml", "periods = 1", ["scenario.toml", "name"]),
    ("no recipe", "recipe.json", None, ["recipe.json", "No such file"]),
    ("bad recipe", "recipe.json", '{"format": 3}', ["recipe.json", "format", "2"]),
    ("no config", "config.json", None, ["config.json", "No such file"]),
    ("bad config", "config.json", "{", ["config.json", "not valid JSON"]),
    ("no seed", "config.json", '{"format": 2}', ["config.json", "seed"]),
    ("format 1", "config.json", '{"seed": 3}', ["format 1", "format 2"]),
    ("list as config", "config.json", "[]", ["config.json", "object"]),
    ("no weights", "best.safetensors", None, ["best.safetensors", "missing"]),
    ("broken weights", "best.safetensors", b"\x00\x01\x02" * 50, ["best.safetensors"]),
    ("pickled weights", "best.safetensors", b"\x80\x04\x95K.", ["best.safetensors"]),
    ("bad manifest", "manifest.json", "not JSON", ["manifest.json", "not valid JSON"]),
    ("unfinished", "manifest.json", None, ["--resume"]),
    ("bad rule", "rules.json", '{"base-stock": {"level": 3}}', ["rules.json"]),
]


@pytest.fixture(autouse=True)
def nothing_is_trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("training started")

    monkeypatch.setattr(training, "train", refuse)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def run_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a finished run that took next to nothing."""
    folder = tmp_path_factory.mktemp("run")
    chain = folder / "chain.toml"
    chain.write_text(SCENARIO)
    scenario = load_scenario(chain)
    book = RuleBook(scenario, 3, folder / "rules.json")
    book.add("capped-base-stock", CappedBaseStock(np.array([[17.0, 14.0]]), np.array([[6.0, 6.0]])))
    training.train(scenario, seed=3, folder=folder, book=book)
    chain.unlink()
    return files_below(folder)


def files_below(folder: Path) -> dict[str, bytes]:
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in found}


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def run(arguments: list[str]) -> Result:
    return CliRunner().invoke(cli.app, arguments)


def assert_refused(arguments: list[str], expected: list[str]) -> None:
    before = files_below(Path()), sorted(Path().rglob("*"))
    result = run(arguments)
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert result.exit_code == 2, (result.output, result.exception)
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    assert "Traceback" not in result.output
    for words in expected:
        assert words in lines[0]
    assert (files_below(Path()), sorted(Path().rglob("*"))) == before


@pytest.mark.parametrize(
    ("old", "new", "expected"), [case[1:] for case in SCENARIOS], ids=[c[0] for c in SCENARIOS]
)
def test_bad_scenario(old: str, new: str, expected: list[str]) -> None:
    assert old in SCENARIO
    Path("chain.toml").write_text(SCENARIO.replace(old, new, 1))
    assert_refused(["scenarios", "check", "chain.toml"], ["chain.toml: ", *expected])
    assert_refused(["train", "--scenario", "chain.toml"], ["chain.toml: ", *expected])


@pytest.mark.parametrize(
    ("content", "options", "expected"), [c[1:] for c in CSV_FILES], ids=[c[0] for c in CSV_FILES]
)
def test_bad_demand(content: str | bytes, options: list[str], expected: list[str]) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    write(Path(), {"demand.csv": raw, "chain.toml": SCENARIO.encode()})
    command = ["train", "--scenario", "chain.toml", "--demand", "demand.csv", *options]
    assert_refused(command, ["demand.csv", *expected])


@pytest.mark.parametrize(
    ("arguments", "expected"), [case[1:] for case in COMMANDS], ids=[c[0] for c in COMMANDS]
)
def test_bad_command(arguments: list[str], expected: list[str]) -> None:
    files = {
        "junk": bytes(range(256)),
        "folder/note": b"",
        "syntax.toml": b"gamma = ",
        "key.toml": b"momentum = 0.9",
        "value.toml": b"[training]\ngamma = 1.5",
        "table.toml": b"[training]\ngamma = 0.9\n[stores]\n",
    }
    write(Path(), files)
    assert_refused(arguments, expected)


@pytest.mark.parametrize(
    ("name", "content", "expected"), [c[1:] for c in RUN_FOLDERS], ids=[c[0] for c in RUN_FOLDERS]
)
def test_bad_run_folder(
    name: str, content: str | bytes | None, expected: list[str], run_files: dict[str, bytes]
) -> None:
    write(Path("runs/broken"), run_files)
    if content is None:
        Path("runs/broken", name).unlink()
    else:
        Path("runs/broken", name).write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
    command = ["eval", "--baseline", "base-stock", "--untuned", "--run", "runs/broken"]
    assert_refused(command, expected)


def test_bad_baseline(run_files: dict[str, bytes]) -> None:
    write(Path("runs/good"), run_files)
    assert_refused(
        ["eval", "--baseline", "base-stock", "--baseline", "best"], ["'best'", "min-max", "all"]
    )
    assert_refused(["eval", "--baseline", "current"], ["'current'", "min-max"])


def test_nothing_to_resume(run_files: dict[str, bytes]) -> None:
    write(Path("runs/good"), run_files)
    assert_refused(["train", "--resume", "runs/good"], ["runs/good", "complete"])


def test_checkpoint_of_another_kind(run_files: dict[str, bytes]) -> None:
    write(Path("runs/stopped"), {**run_files, "last.safetensors": b"nothing"})
    Path("runs/stopped/manifest.json").unlink()
    assert_refused(["train", "--resume", "runs/stopped"], ["last.safetensors"])


def test_the_same_without_the_fault_is_accepted(run_files: dict[str, bytes]) -> None:
    write(Path("runs/good"), run_files)
    write(Path(), {"demand.csv": csv_text().encode(), "chain.toml": SCENARIO.encode()})
    assert run(["scenarios", "check", "chain.toml"]).exit_code == 0
    for options in ([], ["--demand", "demand.csv"]):
        result = run(["train", "--scenario", "chain.toml", *options])
        assert isinstance(result.exception, AssertionError)
        assert str(result.exception) == "training started"
    chosen = ["--demand", "items.csv", "--item", "tea"]
    Path("items.csv").write_text(TWO_ITEMS)
    result = run(["train", "--scenario", "chain.toml", *chosen])
    assert str(result.exception) == "training started"
    command = ["eval", "--baseline", "base-stock", "--untuned", "--episodes", "3"]
    result = run(command)
    assert result.exit_code == 0, result.output
    summary = json.loads(Path("runs/good/evaluation/summary.json").read_text())
    costs = [policy["cost_per_period"] for policy in summary["policies"].values()]
    assert len(costs) == 2 and np.isfinite(costs).all()
