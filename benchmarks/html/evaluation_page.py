"""The page of an evaluation, from its folder: what a policy is worth, in words and money a year."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.evaluation.words import NO_NUMBER, clipped_words, share, signed
from benchmarks.evaluation.words import number as written
from benchmarks.html.page import Cell, Page, Section, Table, glossary, number, read_picture, text
from inventory_env.errors import InputError
from inventory_env.simulation.kpis import KPIS

SUMMARY = "summary.json"
MOST_SITES = 60  # of a policy on a page
PICTURES = {
    "cost_split": "What the money went on, by policy, and the paired difference to each rule",
    "service_level_comparison": "Fill rate and cycles without a stock-out, by policy",
    "stockouts_comparison": "Units not served on time, by policy",
    "episode": "One episode period by period: demand, stock and orders",
    "learned_order": "What the policy orders beside what its start rule would",
}
SHARES = ("fill_rate", "cycle_service_level", "ready_rate", "share_of_rule")
SITE_HEADINGS = (
    *("site", "opening", "+ received", "- sold or shipped", "= closing"),
    *("holding", "shortage", "ordering", "total"),
)


def read_summary(folder: Path) -> dict[str, Any]:
    """summary.json of an evaluation.

    Raises:
        InputError: if it cannot be read, or is of a version without what the page needs.
    """
    file = folder / SUMMARY
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: not an evaluation's summary: {error}") from None
    if not isinstance(found, dict) or "statement" not in found:
        raise InputError(f"{file}: made by an older version of hmarl; run hmarl eval again")
    return found


def evaluation_page(folder: Path) -> Page:
    """The page of an evaluation's folder.

    Raises:
        InputError: naming the file that is missing or cannot be used.
    """
    summary = read_summary(folder)
    return Page(
        f"{summary['judged']} on {summary['scenario']}",
        evaluation_verdict(summary),
        (*evaluation_sections(folder, summary), measured(summary), kpi_glossary()),
    )


def evaluation_verdict(summary: Mapping[str, Any]) -> tuple[str, ...]:
    """Who is cheaper, by how much a year, and how sure that is; one line for each rival."""
    year = summary["periods_per_year"]
    lines = []
    found = [c for c in summary["comparisons"] if c["metric"] == "cost_per_period"]
    for comparison in sorted(found, key=lambda c: -c["difference"]):
        saved = -comparison["difference"] * year
        low, high = sorted(-end * year for end in comparison["ci95"])
        percent = comparison["percent"]
        verb = "saves" if saved >= 0 else "costs"
        lines.append(
            f"{comparison['policy']} {verb} {written(abs(saved))} a year against "
            f"{comparison['baseline']} ({signed(percent)} % of its cost; 95 % interval of the "
            f"saving {written(low)} to {written(high)}): {comparison['verdict']}."
        )
    return tuple(lines) or (f"{summary['judged']} was measured alone.",)


def evaluation_sections(folder: Path, summary: Mapping[str, Any]) -> tuple[Section, ...]:
    """Policies, figures and reconciliation."""
    pictures = tuple(
        read_picture(folder / f"{name}.svg", alt)
        for name, alt in PICTURES.items()
        if (folder / f"{name}.svg").is_file()
    )
    return (
        Section("Figures", pictures=pictures),
        Section("Policies", tables=(_policies(summary), _comparisons(summary))),
        _reconciliation(summary),
    )


def _policies(summary: Mapping[str, Any]) -> Table:
    year = summary["periods_per_year"]
    policies = summary["policies"]
    kpis = list(next(iter(policies.values())))
    rows = []
    for name, values in policies.items():
        cells = [text(name), _cell(values["cost_per_period"], year)]
        cells += [_cell(values[kpi], part=kpi in SHARES) for kpi in kpis]
        rows.append(tuple(cells))
    return Table(
        f"Means over {summary['episodes']:,} episodes; per {summary['period']} where nothing else "
        "is said",
        ("policy", "cost a year", *(_heading(kpi) for kpi in kpis)),
        tuple(rows),
    )


def _comparisons(summary: Mapping[str, Any]) -> Table:
    rows = [
        (
            text(c["baseline"]),
            text(_heading(c["metric"])),
            _difference(c["difference"]),
            _difference(c["percent"]),
            _difference(c["ci95"][0]),
            _difference(c["ci95"][1]),
            text(c["verdict"]),
        )
        for c in summary["comparisons"]
    ]
    return Table(
        f"{summary['judged']} less each other policy, on the same episodes",
        ("against", "measure", "difference", "%", "95 % from", "to", "verdict"),
        tuple(rows),
        "Intervals are paired bootstrap intervals of the mean difference.",
    )


def _reconciliation(summary: Mapping[str, Any]) -> Section:
    tables, words = [], []
    for name, sites in summary["statement"].items():
        more = len(sites) - MOST_SITES
        gaps = [s["opening"] + s["received"] - s["sold"] - s["closing"] for s in sites]
        money = sum(map(_money, sites))
        periods = summary["counted"] * summary["episodes"]
        cost = summary["policies"][name]["cost_per_period"]
        agrees = math.isclose(money / periods, cost, rel_tol=1e-6, abs_tol=1e-9)
        words.append(
            f"{name}: largest gap of units at a site {max(map(abs, gaps), default=0.0):.3g}; the "
            f"sites' money adds up to {written(money / periods)} a {summary['period']}, "
            f"{'as above' if agrees else 'WHICH IS NOT THE COST ABOVE'}."
        )
        ranked = sorted(sites, key=lambda site: -_money(site)) if more > 0 else sites
        tables.append(
            Table(
                f"{name}: units and money of every site, all counted periods",
                SITE_HEADINGS,
                tuple(_site(site) for site in ranked[:MOST_SITES]),
                f"{more} more, of less money, in {SUMMARY}." if more > 0 else "",
            )
        )
    return Section("Reconciliation", tuple(words), tables=tuple(tables))


def _money(site: Mapping[str, Any]) -> float:
    """All that a site cost."""
    return float(site["holding"] + site["shortage"] + site["ordering"])


def _site(site: Mapping[str, Any]) -> tuple[Cell, ...]:
    units = [site[kind] for kind in ("opening", "received", "sold", "closing")]
    money = [site[kind] for kind in ("holding", "shortage", "ordering")]
    values = [*units, *money, _money(site)]
    return (text(site["site"]), *(number(value, f"{value:,.0f}") for value in values))


def measured(summary: Mapping[str, Any]) -> Section:
    """How the numbers came about."""
    made = summary["made_by"]
    terms = [
        ("episodes", f"{summary['episodes']:,} of the whole chain, the same for all policies"),
        ("length", f"{summary['periods']} {summary['period']}s, {summary['counted']} counted"),
        ("seed of the test demand", str(summary["seed"])),
        *made_by(made),
    ]
    unseen = summary.get("unseen_demand", 0)
    if unseen:
        estimated = f"{unseen:.1%} of the test demand, drawn as it may have been behind sales"
        terms.insert(3, ("sold out", estimated))
    clipped = summary.get("clipped")
    if clipped:
        terms.append(("values cut off, of the network's decisions", clipped_words(clipped)))
    return Section("How it was measured", terms=tuple(terms))


def made_by(certificate: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Command, versions and machine."""
    versions = ", ".join(f"{name} {value}" for name, value in certificate["versions"].items())
    machine = certificate["machine"]
    return [
        ("command", str(certificate["command"])),
        ("written", str(certificate["written"])),
        ("versions", versions),
        ("commit", str(certificate["commit"] or "not a checkout")),
        ("machine", f"{machine['cores']} cores, {machine['cpu']}"),
    ]


def kpi_glossary() -> Section:
    """What the measures mean."""
    return glossary([(_heading(name), meaning) for name, meaning in KPIS.items()])


def _heading(kpi: str) -> str:
    return kpi.replace("_per_period", "").replace("_per_episode", " an episode").replace("_", " ")


def _cell(value: float | None, times: float = 1.0, *, part: bool = False) -> Cell:
    if value is None:
        return number(math.nan, NO_NUMBER)
    return number(value * times, share(value) if part else written(value * times))


def _difference(value: float | None) -> Cell:
    return number(math.nan, NO_NUMBER) if value is None else number(value, signed(value))
