"""What the docs name exists, and what exists is named in them."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
import yaml
from typer.exceptions import TyperException

import cli
from inventory_env.decision.features import SEVEN
from inventory_env.decision.interface import CLIP
from inventory_env.description.demand import Demand
from inventory_env.description.lead_time import LONGEST
from inventory_env.description.rules import Rationing, RuleConfig
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import ActionScheme, Extra, RewardWeights
from inventory_env.recorded.demand_csv import MENDABLE
from inventory_env.simulation.kpis import KPIS
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.memory import RECENT
from inventory_env.simulation.recorded_tape import MEAN_BLOCK
from policies.rules.search import MOST_TOGETHER

ROOT = Path(__file__).parent.parent
MODEL = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Cells of the first table below a heading, its own head left out."""
    parts = re.split(r"^#+ (.+)$", MODEL, flags=re.MULTILINE)
    section = dict(zip(parts[1::2], parts[2::2], strict=True))[heading]
    rows = re.search(r"(?:^\|.*\n)+", section, flags=re.MULTILINE)
    assert rows, f"no table below {heading!r}"
    lines = rows.group().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def first_names(heading: str) -> list[str]:
    """What stands in backticks at the start of each row."""
    return re.findall(r"`([^`]+)`", "\n".join(row[0] for row in table(heading)))


def models(union: Any) -> list[Any]:
    """Members of a tagged union."""
    return list(get_args(get_args(union)[0]))


def tags(union: Any, key: str) -> list[str]:
    return [get_args(member.model_fields[key].annotation)[0] for member in models(union)]


def choices(model: Any, key: str) -> list[str]:
    return list(get_args(model.model_fields[key].annotation))


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("KPIs", KPIS),
        ("Observation", [kind().kind for kind in SEVEN]),
        ("Extras", get_args(Extra)),
        ("Demand", tags(Demand, "kind")),
        ("Rules", tags(RuleConfig, "kind")),
        ("Actions", tags(ActionScheme, "scheme")),
        ("Rationing", get_args(Rationing)),
        ("Reward", choices(RewardWeights, "preset")),
        ("Sequence of events in a period", choices(Scenario, "unmet_demand")),
        ("What happens to orders that were not shipped", choices(Scenario, "unshipped_orders")),
    ],
)
def test_tables_name_what_there_is(heading: str, names: list[str]) -> None:
    assert first_names(heading) == list(names)


def test_parameters_of_demand_are_named() -> None:
    written = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in table("Demand")}
    for kind, model in zip(tags(Demand, "kind"), models(Demand), strict=True):
        assert written[kind] == set(model.model_fields) - {"kind", "season"}, kind


def test_kinds_of_cost_are_named() -> None:
    kinds = set(Money.__dataclass_fields__)
    assert {row[0] for row in table("Ledger and money")} == kinds


@pytest.mark.parametrize(
    "phrase",
    [
        f"clipped to +-{CLIP:g}",
        f"probability 1/{MEAN_BLOCK}",
        f"mean length of {MEAN_BLOCK} periods",
        f"each of the last {RECENT} periods' demand",
        f"up to {100 * MENDABLE:g} %",
        f"0 to {LONGEST} periods",
        f"together for up to {MOST_TOGETHER} numbers",
    ],
)
def test_numbers_are_those_of_the_code(phrase: str) -> None:
    assert phrase in " ".join(MODEL.split())


TABLE_ROW = re.compile(r"^ (\d+(?: \(default\))? .*\d of \d)$", flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "study"), [("tuning.md", "three-stores"), ("walkthrough.md", "original")]
)
def test_what_tuning_found_is_what_the_kept_reports_say(page: str, study: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    folder = ROOT / "benchmarks" / "results" / "tuning" / study
    report = (folder / "report.txt").read_text(encoding="utf-8")
    rows = TABLE_ROW.findall(text)
    assert len(rows) == 3
    told = {" ".join(line.split()) for line in report.splitlines()}
    assert {" ".join(row.split()) for row in rows} <= told
    assert report.splitlines()[1] in text


# --- commands ---------------------------------------------------------------------------------


def commands(text: str) -> list[str]:
    """Every hmarl command line in the fenced blocks of a page."""
    return command_lines(
        "\n".join(re.findall(r"^```[^\n]*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL))
    )


def command_lines(script: str) -> list[str]:
    """Those that start with hmarl."""
    lines = script.replace("\\\n", " ").splitlines()
    found = [re.match(r"\s*(?:\$ )?(?:\S*/)?(hmarl\b.*)", line) for line in lines]
    return [match.group(1) for match in found if match]


def parse(command: str) -> None:
    """Read a command line as the shell and the program do, without running it."""
    words = shlex.split(command, comments=True)
    words = words[1 : next((i for i, w in enumerate(words) if w in ("|", "&&", ";", ">")), None)]
    node: Any = typer.main.get_command(cli.app)
    context = node.make_context("hmarl", words)
    while rest := [*context._protected_args, *context.args]:
        name, node, words = node.resolve_command(context, rest)
        context = node.make_context(name, words, parent=context)


def scripts(workflow: Path) -> list[str]:
    """What the steps of a GitHub Actions workflow run."""
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
GUARD = ROOT / "docs" / "examples" / "guard-policies.yml"
WORKFLOWS = (GUARD, *sorted((ROOT / ".github" / "workflows").glob("*.yml")))
FOUND = {
    **{page: commands(page.read_text(encoding="utf-8")) for page in PAGES if page.exists()},
    **{workflow: command_lines("\n".join(scripts(workflow))) for workflow in WORKFLOWS},
}
COMMANDS = [
    pytest.param(command, id=f"{file.name}: {command}")
    for file, lines in FOUND.items()
    for command in lines
]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_in_the_docs_exist(command: str) -> None:
    parse(command)


@pytest.mark.parametrize(
    "command", ["hmarl trian", "hmarl train --sed 1", "hmarl eval --episodes many --baseline all"]
)
def test_a_wrong_command_is_noticed(command: str) -> None:
    block = f"```\n$ .venv/bin/{command}  # oops\n```\n"
    assert commands(block) == [f"{command}  # oops"]
    with pytest.raises(TyperException):
        parse(command)


def test_the_guard_is_read_as_commands() -> None:
    assert {command.split()[1] for command in FOUND[GUARD]} == {"eval", "bench"}


def test_the_ci_runs_what_there_is() -> None:
    for script in scripts(ROOT / ".github" / "workflows" / "ci.yml"):
        assert (ROOT / script).is_file()


@pytest.mark.parametrize(
    ("upper_ends", "cheaper"),
    [((-2.0, 0.0), None), ((-2.0, 0.1), "rule 1"), ((None,), ""), ((), "")],
    ids=["no rule is cheaper", "one may be", "an end that does not exist", "nothing compared"],
)
def test_the_guard_fails_where_a_rule_may_be_cheaper(
    tmp_path: Path, upper_ends: tuple[float | None, ...], cheaper: str | None
) -> None:
    rows = [
        {"baseline": f"rule {i}", "metric": metric, "ci95": [-3.0, end]}
        for i, upper in enumerate(upper_ends)
        for metric, end in (("cost_per_period", upper), ("fill_rate", 0.01))
    ]
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / "summary.json").write_text(json.dumps({"comparisons": rows}))
    (judge,) = [script for script in scripts(GUARD) if "summary.json" in script]
    done = subprocess.run(
        [sys.executable, "-c", judge], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) is (cheaper is None)
    assert (cheaper or "") in done.stderr
