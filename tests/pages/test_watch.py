"""What is still going on: pages follow the files, change nothing, and say when nothing moves."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.evaluation.evaluate import evaluate
from benchmarks.html.live_pages import standing
from benchmarks.html.server import make_server
from commands.watch import page_at
from policies.runs.run_folder import CONFIG, load_run

GOLDEN = Path(__file__).parent.parent / "golden"
HEAD = "steps,time/time_elapsed,validation/cost,validation/fill_rate,validation/rule_cost,"
HEAD += "validation/rule_fill_rate\n"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A finished run, and one whose training is under way: 100 steps a second, 12 of 30 done."""
    root = tmp_path / "runs"
    shutil.copytree(GOLDEN / "whole", root / "done")
    shutil.copytree(GOLDEN / "whole", root / "going")
    (root / "going" / "manifest.json").unlink()
    recipe = root / "going" / "recipe.json"
    written = re.sub(r'"steps": ?\d+', '"steps": 3000', recipe.read_text(), count=1)
    assert load_run(root / "done").recipe.settings.steps != 3000
    recipe.write_text(written)
    rows = "".join(
        f"{100 * k},{k},{20 - k if k % 3 == 0 else ''},0.9,18.0,0.8\n" for k in range(13)
    )
    (root / "going" / "progress.csv").write_text(HEAD + rows)
    (root / "done" / "progress.csv").write_text(HEAD + rows)
    return root


def test_how_far_a_training_is(runs: Path) -> None:
    going = runs / "going"
    now = (going / "progress.csv").stat().st_mtime
    found = standing(going, now + 2)
    assert (found.state, found.steps, found.total) == ("training", 1200, 3000)
    assert found.rate == 100.0
    assert found.seconds_left == 18.0
    silent = standing(going, now + 11)
    assert silent.state == "silent"
    assert f"hmarl train --resume {going}" in silent.words
    assert standing(runs / "done").state == "finished"
    (going / "progress.csv").unlink()
    begun = (going / CONFIG).stat().st_mtime
    assert standing(going, begun + 60).state == "tuning its start rule"


def test_half_a_row_is_no_row(runs: Path) -> None:
    file = runs / "going" / "progress.csv"
    file.write_text(file.read_text() + "13")
    assert standing(runs / "going").steps == 1200


@pytest.fixture
def served(runs: Path) -> Iterator[str]:
    server = make_server(lambda path, asked: page_at(runs, path, asked), port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def ask(address: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_pages_of_all_runs_of_one_and_of_an_episode(runs: Path, served: str) -> None:
    before = contents(runs)
    code, page = ask(f"{served}/")
    assert code == 200 and 'href="/run/going"' in page and 'href="/twin/done"' in page
    code, page = ask(f"{served}/run/going")
    assert code == 200 and "1,200 of 3,000 experiences, 100 a second." in page
    assert "Best validation cost 8.00, −55.56 % against the start rule" in page  # noqa: RUF001
    assert ask(f"{served}/run/done")[0] == 200
    code, page = ask(f"{served}/twin/done")
    assert code == 200 and "data-episode" in page
    assert contents(runs) == before


def test_two_evaluated_runs_beside_each_other(runs: Path, served: str) -> None:
    shutil.copytree(runs / "done", runs / "later")
    for name, seed in (("done", 1), ("later", 2)):
        run = load_run(runs / name)
        out = runs / name / "evaluation"
        evaluate(run.scenario, [run.policy, run.start_rule], episodes=4, seed=seed, out=out)
    code, page = ask(f"{served}/")
    (link,) = re.findall(r'href="(/compare[^"]*)"', page)
    code, page = ask(served + link.replace("&amp;", "&"))
    assert code == 200 and "Not on the same chain, demand or number of episodes" in page
    costs = []
    for name in re.findall(r"a=(\w+)&amp;b=(\w+)", link)[0]:
        summary = json.loads((runs / name / "evaluation" / "summary.json").read_text())
        costs.append(summary["policies"][summary["judged"]]["cost_per_period"])
    difference = costs[0] - costs[1]
    assert f'data-k="{difference}"' in page


@pytest.mark.parametrize("path", ["/run/../../etc", "/run/%2e%2e", "/etc/passwd", "/run/absent"])
def test_there_is_nothing_else(served: str, path: str) -> None:
    assert ask(served + path)[0] == 404


def test_other_names_of_this_machine_and_other_methods_are_refused(served: str) -> None:
    assert ask(f"{served}/", Host="evil.example")[0] == 403
    request = urllib.request.Request(f"{served}/", data=b"x", method="POST")
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request, timeout=20)
    with raised.value as error:
        assert error.code == 501


def test_others_need_the_token(runs: Path) -> None:
    server = make_server(lambda path, asked: page_at(runs, path, asked), port=0, token="secret")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        assert ask(address)[0] == 403
        assert ask(f"{address}?token=wrong")[0] == 403
        assert ask(f"{address}?token=secret")[0] == 200
        assert ask(address, Cookie="hmarl=secret")[0] == 200
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_browser_follows_a_training_and_its_death(tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs the system's chromium")
    runs = tmp_path / "runs"
    hmarl = [sys.executable, "-c", "import cli; cli.main()"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    env = {**os.environ, "PYTHONPATH": str(GOLDEN.parent.parent)}
    command = [*hmarl, "train", "--scenario", "single-store"]
    training = subprocess.Popen(command, cwd=tmp_path, env=env, start_new_session=True, **quiet)
    runs.mkdir(exist_ok=True)
    server = make_server(lambda path, asked: page_at(runs, path, asked), port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        while not list(runs.glob("*/progress.csv")):
            assert training.poll() is None
            time.sleep(0.5)
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page()
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
            page.locator("td a").first.click()
            verdict = page.locator(".verdict")
            sync_api.expect(verdict).to_contain_text("experiences", timeout=30_000)
            first = verdict.inner_text()
            sync_api.expect(verdict).not_to_have_text(first, timeout=30_000)
            os.killpg(training.pid, signal.SIGKILL)
            sync_api.expect(verdict).to_contain_text("stopped or killed", timeout=60_000)
            assert "hmarl train --resume" in verdict.inner_text()
            assert errors == []
            browser.close()
    finally:
        training.kill()
        training.wait()
        server.shutdown()
        server.server_close()
