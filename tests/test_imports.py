"""The house stands: imports point one way, and heavy packages stay where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("inventory_env", "policies", "benchmarks", "tuning", "hmarl", "commands", "cli")

# Rooms of a floor, each standing only on those before it; files beside the rooms are below them.
ROOMS = {
    "inventory_env": ("recorded", "description", "simulation", "decision", "envs"),
    "policies": ("rules", "learning", "runs", "orders"),
    "benchmarks": (
        *("evaluation", "html", "published", "inventorybench", "training_seeds"),
        *("recorded", "speed", "gate", "page"),
    ),
    "tuning": (),
    "commands": (),
}

SPEED = ("benchmarks/speed/",)  # times the learner
HOMES = {
    "torch": (
        *("inventory_env/envs/", "policies/learning/", "policies/runs/"),
        *("benchmarks/inventorybench/", *SPEED),
    ),
    "stable_baselines3": ("inventory_env/envs/", "policies/learning/", "policies/runs/", *SPEED),
    "sb3_contrib": ("policies/learning/", "policies/runs/"),
    "gymnasium": ("inventory_env/decision/", "inventory_env/envs/", "policies/learning/", *SPEED),
    "pettingzoo": ("inventory_env/envs/",),
    "safetensors": ("policies/runs/",),
    "jinja2": ("benchmarks/html/",),
    "matplotlib": ("benchmarks/", "tuning/"),
    "optuna": ("tuning/",),
    "typer": ("commands/", "cli.py"),
    "rich": ("benchmarks/", "tuning/", "commands/", "hmarl.py"),
    "pandas": ("inventory_env/recorded/", "policies/orders/", "benchmarks/", "tuning/"),
}


def modules() -> list[Path]:
    """Every module of the project, relative to its root."""
    files = [file for floor in FLOORS[:-1] for file in (ROOT / floor).rglob("*.py")]
    files += [ROOT / "hmarl.py", ROOT / "cli.py"]
    return sorted(file.relative_to(ROOT) for file in files)


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


def test_every_folder_is_a_room() -> None:
    for floor, rooms in ROOMS.items():
        folders = {module.parts[1] for module in modules() if module.parts[0] == floor}
        assert {name for name in folders if not name.endswith(".py")} == set(rooms)


@pytest.mark.parametrize("module", [m for m in modules() if len(m.parts) > 1], ids=str)
def test_rooms_stand_on_each_other(module: Path) -> None:
    if module.name == "__init__.py" and len(module.parts) == 2:
        return  # a floor's front door opens every room
    rooms = ROOMS[module.parts[0]]
    own = rooms.index(module.parts[1]) if len(module.parts) > 2 else -1
    for name in imported(module):
        floor, _, rest = name.partition(".")
        room = rest.split(".")[0]
        if floor == module.parts[0] and room in rooms:
            assert rooms.index(room) <= own, f"{module} imports from {room}"


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


def test_the_command_line_starts_light() -> None:
    heavy = {"torch", "numpy", "scipy", "pandas", "matplotlib", "stable_baselines3", "pydantic"}
    code = f"import sys, cli; print(*sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ""
