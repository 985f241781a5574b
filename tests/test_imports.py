"""The house stands: imports point one way, and heavy packages stay where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("inventory_env", "policies", "benchmarks", "tuning", "cli")

# Inside inventory_env a module imports only from lower layers, never from its own.
MODEL = (
    {"errors", "files", "frozen"},
    {"demand", "lead_time", "rules", "rationing", "settings", "history"},
    {"scenario"},
    {"import_report", "params", "state", "scenario_fields", "scenario_summary"},
    {"demand_csv", "start", "reconciliation"},
    {"tape", "replay", "constraints", "kpis"},
    {"dynamics", "situation", "scenario_files", "training_config"},
    {"upstream", "chain_features", "credit"},
    {"chain", "agents", "upstream_features", "formula_start"},
    {"observation", "actions", "reward"},
    {"vec_env"},
    {"one_world"},
    {"parallel", "single_store"},
)

SPEED = tuple(f"benchmarks/{name}.py" for name in ("speed", "idle_env", "first_win"))  # the learner
HOMES = {
    "torch": ("inventory_env/vec_env.py", "policies/", *SPEED),
    "stable_baselines3": ("inventory_env/vec_env.py", "policies/", *SPEED),
    "sb3_contrib": ("policies/",),
    "gymnasium": ("inventory_env/", "policies/", *SPEED),
    "pettingzoo": ("inventory_env/parallel.py",),
    "safetensors": ("policies/",),
    "matplotlib": ("benchmarks/", "tuning/"),
    "optuna": ("tuning/",),
    "typer": ("cli.py",),
    "pandas": ("inventory_env/demand_csv.py", "inventory_env/replay.py", "benchmarks/", "tuning/"),
}
LEARNING = {
    "central_critic",
    "checkpoint",
    "learned",
    "ppo",
    "progress_file",
    "run_folder",
    "tape_centred",
    "training",
}


def modules() -> list[Path]:
    """Every module of the project, relative to its root."""
    files = [file for floor in FLOORS[:-1] for file in (ROOT / floor).rglob("*.py")]
    return sorted(file.relative_to(ROOT) for file in [*files, ROOT / "cli.py"])


def imported(module: Path) -> set[str]:
    """Dotted names that a module imports, within functions too, not those for type checkers."""
    names: set[str] = set()

    def look(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            look(child)

    look(ast.parse((ROOT / module).read_text(encoding="utf-8")))
    return names


@pytest.mark.parametrize("module", modules(), ids=str)
def test_imports_point_down(module: Path) -> None:
    floor = FLOORS.index(module.parts[0].removesuffix(".py"))
    above = set(FLOORS[floor + 1 :])
    upward = {name for name in imported(module) if name.split(".")[0] in above}
    assert not upward, f"{module} imports from above: {sorted(upward)}"


@pytest.mark.parametrize(
    "module",
    [m for m in modules() if m.parts[0] == "inventory_env" and m.stem != "__init__"],
    ids=str,
)
def test_the_model_is_layered(module: Path) -> None:
    layers = {name: number for number, layer in enumerate(MODEL) for name in layer}
    assert module.stem in layers, f"{module}: give it a layer in this test"
    for name in imported(module):
        package, _, rest = name.partition(".")
        below = rest.split(".")[0]
        if package == "inventory_env" and below in layers:
            assert layers[below] < layers[module.stem], f"{module} imports {below}"


def test_packages_have_no_cycles() -> None:
    names = {".".join(m.with_suffix("").parts).removesuffix(".__init__"): m for m in modules()}
    graph = {
        name: {other for other in imported(file) if other in names} - {name}
        for name, file in names.items()
    }
    while graph:
        leaves = {name for name, below in graph.items() if not below & graph.keys()}
        assert leaves, f"import cycle among {sorted(graph)}"
        graph = {name: below for name, below in graph.items() if name not in leaves}


@pytest.mark.parametrize("module", modules(), ids=str)
def test_heavy_packages_stay_home(module: Path) -> None:
    for name in {name.split(".")[0] for name in imported(module)} & HOMES.keys():
        assert module.as_posix().startswith(HOMES[name]), f"{module} imports {name}"


def test_rules_do_not_need_the_learner() -> None:
    for module in modules():
        if module.parts[0] == "policies" and module.stem not in LEARNING:
            heavy = {"torch", "stable_baselines3", "sb3_contrib"}
            assert not {name.split(".")[0] for name in imported(module)} & heavy, module


def test_the_command_line_starts_light() -> None:
    heavy = {"torch", "numpy", "scipy", "pandas", "matplotlib", "stable_baselines3", "pydantic"}
    code = f"import sys, cli; print(*sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ""
