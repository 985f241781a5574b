"""Pages: true to the files, below a megabyte, without network, escaped, always the same bytes."""

import csv
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import cli
from benchmarks.evaluation.evaluate import evaluate
from benchmarks.html.evaluation_page import evaluation_page
from benchmarks.html.orders_page import orders_page
from benchmarks.html.page import MOST_BYTES, Page, Section, Table, number, render, text, write_page
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.errors import InputError
from inventory_env.recorded.history import DemandFile
from policies.orders.folder import make_orders, write_orders
from policies.orders.morning import read_morning
from policies.orders.proposal import Decider
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy

EVIL = '<script>alert("x")</script> & Größe, "quoted" \'one\''
VOID = {"meta", "input", "link", "br", "hr", "img"}


class Reader(HTMLParser):
    """Checks that tags close in order, and collects tables and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.scripts = 0
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.scripts += tag == "script"
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += data


def stands_alone(html: str) -> Reader:
    """A page that needs nothing from anywhere."""
    page = Reader(html)
    assert len(html.encode()) < MOST_BYTES
    assert page.scripts == 1
    for tag, name, value in page.attributes:
        if name in ("src", "href", "xlink:href", "action", "srcset"):
            assert value.startswith("#"), (tag, name, value)
    outside = re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)
    assert "http" not in outside and "@import" not in html and "url(http" not in html
    return page


def rules(scenario: Scenario, *kinds: str) -> list[RulePolicy]:
    return [RulePolicy(kind, formula_rule(kind, scenario)) for kind in kinds]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluation")
    scenario = load_scenario("three-stores")
    both = rules(scenario, "base-stock", "reorder-point")
    evaluate(scenario, both, episodes=40, seed=1, out=folder)
    return folder


def test_an_evaluation_says_what_its_files_say(evaluated: Path) -> None:
    html = render(evaluation_page(evaluated))
    page = stands_alone(html)
    summary = json.loads((evaluated / "summary.json").read_text())
    with (evaluated / "summary_metrics.csv").open() as file:
        means = {(row["policy"], row["metric"]): row["mean"] for row in csv.DictReader(file)}
    head, *rows = page.tables[0]
    year = 365.25 / 7
    for row in rows:
        cells = dict(zip(head, row, strict=True))
        cost = float(means[row[0], "cost_per_period"])
        assert cells["cost"] == f"{cost:,.1f}"
        assert cells["cost a year"] == f"{cost * year:,.0f}"
        assert cells["fill rate"] == f"{100 * float(means[row[0], 'fill_rate']):.1f} %"
    (found,) = [c for c in summary["comparisons"] if c["metric"] == "cost_per_period"]
    assert f"{abs(found['difference']) * year:,.1f}" in html.split("</header>")[0]
    # The reconciliation adds up: opening + received - sold = closing, money to the cost above.
    for table in page.tables[2:4]:
        for site in table[1:]:
            opening, received, sold, closing = (float(x.replace(",", "")) for x in site[1:5])
            assert abs(opening + received - sold - closing) <= 2  # rounded to units
    assert "WHICH IS NOT" not in html


def test_the_same_evaluation_gives_the_same_bytes(evaluated: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    scenario = load_scenario("three-stores")
    both = rules(scenario, "base-stock", "reorder-point")
    evaluate(scenario, both, episodes=40, seed=1, out=again)
    shutil.copy(evaluated / "summary.json", again / "summary.json")  # it says when it was made
    assert render(evaluation_page(evaluated)) == render(evaluation_page(again))


def test_names_are_escaped_and_fifty_stores_fit(tmp_path: Path) -> None:
    scenario = load_scenario("fifty-stores")
    first = scenario.stores[0].model_copy(update={"name": EVIL})
    scenario = scenario.model_copy(
        update={"stores": (first, *scenario.stores[1:]), "description": EVIL}
    )
    evaluate(scenario, rules(scenario, "base-stock", "min-max"), episodes=4, seed=1, out=tmp_path)
    page = stands_alone(render(evaluation_page(tmp_path)))
    assert EVIL in {row[0] for table in page.tables for row in table if row}


def morning(tmp_path: Path, count: int) -> Path:
    """A morning's folder of so many stores, one with a name that is a program."""
    names = [f"shop-{i}" for i in range(count - 3)] + ["=1+1<b>Öl</b>", EVIL, "@" + "x" * 50]
    store = {
        "demand": {"kind": "poisson", "mean": 4},
        "lead_time": 2,
        "holding_cost": 1.0,
        "shortage_cost": 9.0,
    }
    scenario = Scenario.model_validate(
        {
            "name": "shops",
            "period": "day",
            "periods": 30,
            "warm_up": 5,
            "stores": [{"name": name, **store} for name in names],
            "warehouse": {"unlimited": True},
        }
    )
    item = DemandFile(path=Path("sales.csv"), item="=" + EVIL + "ü" * 150)
    scenario = scenario.model_copy(update={"demand_file": item})
    rng = np.random.default_rng(0)
    stock = pd.DataFrame(
        {"date": "2026-03-02", "site": names, "on_hand": rng.integers(0, 14, count)}
    )
    stock.to_csv(tmp_path / "stock.csv", index=False)
    (rule,) = rules(scenario, "base-stock")
    decider = Decider(scenario, rule, rule, "", 0)
    orders = make_orders(decider, read_morning(scenario, tmp_path / "stock.csv"), futures=4)
    write_orders(orders, tmp_path / "orders", {})
    return tmp_path / "orders"


def test_a_morning_of_a_thousand_lines(tmp_path: Path) -> None:
    folder = morning(tmp_path, 1000)
    page = stands_alone(render(orders_page(folder)))
    with (folder / "orders.csv").open(encoding="utf-8") as file:
        lines = {row["to"]: row for row in csv.DictReader(file)}
    assert "'=1+1<b>Öl</b>" in lines  # a spreadsheet shows it, and does not run it
    assert "'@" + "x" * 50 in lines and EVIL in lines
    assert {row["item"] for row in lines.values()} == {"'=" + EVIL + "ü" * 150}
    parquet = pd.read_parquet(folder / "orders.parquet")
    assert {(r.to, r.quantity) for r in parquet.itertuples()} == {
        (name, float(row["quantity"])) for name, row in lines.items()
    }
    head, *rows = page.tables[-1]
    assert len(rows) == 1000
    for row in rows:
        cells = dict(zip(head, row, strict=True))
        assert float(cells["order"]) == float(lines[cells["site"]]["quantity"])
        assert cells["why"] == lines[cells["site"]]["reason"]


def test_the_command_finds_what_a_folder_is_of(evaluated: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    result = CliRunner().invoke(cli.app, ["report", str(evaluated), "--out", str(out)])
    assert result.exit_code == 0 and str(out) in result.output.replace("\n", "")
    stands_alone(out.read_text(encoding="utf-8"))
    result = CliRunner().invoke(cli.app, ["report", str(tmp_path)])
    assert result.exit_code == 2
    assert "no finished run, evaluation, study or orders" in result.stderr
    golden = Path(__file__).parent.parent / "golden" / "whole"
    result = CliRunner().invoke(cli.app, ["report", str(golden), "--out", str(out)])
    assert result.exit_code == 0, result.stderr
    stands_alone(out.read_text(encoding="utf-8"))


def test_a_page_above_a_megabyte_is_refused(tmp_path: Path) -> None:
    rows = tuple((text("x" * 100), number(float(i), str(i))) for i in range(9000))
    table = Table("long", ("a", "b"), rows)
    page = Page("long", ("much",), (Section("all", tables=(table,)),))
    with pytest.raises(InputError, match=r"the page would have .* bytes, at most 1,000,000"):
        write_page(tmp_path / "page.html", page)
    assert not (tmp_path / "page.html").exists()


def test_colours_can_be_read() -> None:
    """WCAG 2.2, contrast of at least 4.5 for text, in light and dark."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    css = (Path(cli.__file__).parent / "benchmarks/html/templates/style.css").read_text()
    schemes = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", scheme))
        for ground in ("ground", "card"):
            for ink in ("ink", "muted", "strong"):
                light, dark = sorted((luminance(colours[ground]), luminance(colours[ink])))[::-1]
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ground, ink)
