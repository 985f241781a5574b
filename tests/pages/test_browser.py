"""Pages in a real browser: no error, tables sort and filter, nothing scrolls sideways."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_pages import EVIL, morning

import cli
from benchmarks.evaluation.evaluate import evaluate
from benchmarks.html.evaluation_page import evaluation_page
from benchmarks.html.orders_page import orders_page
from benchmarks.html.page import write_page
from inventory_env.description.scenario_files import load_scenario
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy
from tuning.study_page import study_page

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs the system's chromium"),
    # Playwright leaves its pipes and loop to the end of the process.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
WIDTHS = (1440, 390)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def opened(browser, file: Path, width: int = 1440):  # type: ignore[no-untyped-def]
    """A page, and the errors that it puts on the console."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    errors: list[str] = []
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda asked: errors.append(asked.url) if "file:" not in asked.url else None)
    page.goto(file.resolve().as_uri())
    return page, errors


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluation")
    scenario = load_scenario("three-stores")
    kinds = ("base-stock", "reorder-point", "min-max")
    rules = [RulePolicy(kind, formula_rule(kind, scenario)) for kind in kinds]
    evaluate(scenario, rules, episodes=20, seed=1, out=folder)
    write_page(folder / "report.html", evaluation_page(folder))
    return folder / "report.html"


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = morning(tmp_path_factory.mktemp("morning"), 1000)
    write_page(folder / "report.html", orders_page(folder))
    return folder / "report.html"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of fifty trials whose results are kept, with what it confirmed."""
    folder = tmp_path_factory.mktemp("study")
    kept = Path(cli.__file__).parent / "benchmarks" / "results" / "tuning" / "original"
    for name in ("trials.csv", "report.txt", "scenario.toml"):
        shutil.copy(kept / name, folder / name)
    (folder / "confirmed.csv").write_text(
        "trial,default,chosen,seeds,cost_per_period,fill_rate,gain_per_period,gain_low,gain_high,"
        "kept_rule\n0,True,False,5,56.40,0.9983,0,0,0,0\n31,False,True,5,39.16,0.9826,17.24,14.91,"
        "19.57,0\n"
    )
    write_page(folder / "report.html", study_page(folder))
    return folder / "report.html"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["evaluation", "orders", "study"])
def test_no_error_and_nothing_scrolls_sideways(browser, request, name: str, width: int) -> None:  # type: ignore[no-untyped-def]
    page, errors = opened(browser, request.getfixturevalue(name), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert errors == []
    page.close()


def test_a_table_sorts_both_ways_and_filters(browser, orders: Path) -> None:  # type: ignore[no-untyped-def]
    page, errors = opened(browser, orders)
    table = page.locator(".table").last

    def shown(column: int) -> list[str]:
        found: list[str] = table.locator(
            f"tbody tr:visible td:nth-child({column})"
        ).all_inner_texts()
        return found

    table.get_by_role("button", name="order", exact=True).click()
    orders_up = [float(value) for value in shown(2)]
    assert orders_up == sorted(orders_up) and len(orders_up) == 1000
    table.get_by_role("button", name="order", exact=True).click()
    assert [float(value) for value in shown(2)] == orders_up[::-1]
    table.get_by_role("button", name="site", exact=True).click()
    assert {"'=1+1<b>Öl</b>", EVIL} <= set(shown(1)[:4])
    table.get_by_role("searchbox").fill("shop-77 ")
    assert set(shown(1)) >= {"shop-77", "shop-770"}
    assert all("shop-77" in name for name in shown(1))
    table.get_by_role("searchbox").fill("nothing is called so")
    assert shown(1) == []
    assert errors == []
    page.close()


def test_without_javascript_all_can_be_read(browser, evaluation: Path) -> None:  # type: ignore[no-untyped-def]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(evaluation.resolve().as_uri())
    assert page.get_by_role("table").count() == 5
    assert "a year against" in page.locator(".verdict").inner_text()
    context.close()
