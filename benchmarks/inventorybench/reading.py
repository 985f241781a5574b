"""InventoryBench as it is published, a folder of small CSVs, or as one table."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.inventorybench.instances import SETTINGS, TOLD, Instances
from inventory_env.errors import InputError, argument

COLUMNS = (
    "instance",
    "lead_time_setting",
    "period",
    "demand",
    "lead_time",
    "profit",
    "holding_cost",
)
SETS = ("synthetic_trajectory", "real_trajectory")  # folders of the repository's `benchmark`


def read_instances(path: Path) -> list[Instances]:
    """The problems, those of a lead-time setting and length together.

    Args:
        path: the folder `benchmark` of a checkout of InventoryBench or one around it; or a CSV
            (compressed or not), or a folder that holds one, of the columns `COLUMNS`: periods -5 to
            -1 are told and have no lead time; those from 0 are played, and `inf` is the lead time
            of an order that never comes.

    Raises:
        InputError: naming file, row (the header is row 1), column, value and what is allowed.
    """
    tables = sorted(path.glob("*.csv*")) if path.is_dir() else []
    if len(tables) == 1:
        path = tables[0]
    if path.is_dir():
        table, source = _folder(path)
    elif path.is_file():
        table, source = _csv(path), str(path)
        _whole_columns(table, COLUMNS, source)
    else:
        raise InputError(f"{argument('data')} {path}: there is no such file or folder")
    table = _checked(table, source)
    table["periods"] = table.groupby(["instance", "lead_time_setting"])["period"].transform("size")
    groups = table.groupby(["periods", "lead_time_setting"], sort=False)
    found = [_instances(rows, str(setting), source) for (_, setting), rows in groups]
    return sorted(found, key=lambda each: (each.names[0], SETTINGS.index(each.setting)))


def _csv(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file, dtype={"instance": str, "lead_time_setting": str})
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{file}: not a CSV table ({str(error).splitlines()[0]})") from None


def _folder(path: Path) -> tuple[pd.DataFrame, str]:
    """The repository's folders as one table; each instance has `train.csv` and `test.csv`."""
    root = path / "benchmark" if (path / "benchmark").is_dir() else path
    parts = []
    for name in SETS:
        for setting in SETTINGS:
            folder = root / name / f"lead_time_{setting}"
            for test in sorted(folder.rglob("test.csv")):
                rows = _instance(test)
                own = test.parent.relative_to(folder).as_posix()
                rows["instance"] = own if name == SETS[0] else f"real/{own}"
                rows["lead_time_setting"] = setting
                parts.append(rows)
    if not parts:
        raise InputError(f"{argument('data')} {path}: no {SETS[0]}/lead_time_*/**/test.csv in it")
    return pd.concat(parts, ignore_index=True), str(path)


def _instance(test: Path) -> pd.DataFrame:
    """The rows of one instance; columns end with the item's name, which is left out."""
    told, played = _csv(test.with_name("train.csv")), _csv(test)
    for rows, file in ((told, test.with_name("train.csv")), (played, test)):
        rows.columns = [_known(str(name)) for name in rows.columns]
        wanted = ("demand",) if rows is told else COLUMNS[3:]
        _whole_columns(rows, wanted, str(file))
    if len(told) != TOLD:
        raise InputError(f"{test.with_name('train.csv')}: {len(told)} rows, {TOLD} are needed")
    rows = pd.concat([told[["demand"]], played[list(COLUMNS[3:])]], ignore_index=True)
    rows["period"] = np.arange(len(rows)) - TOLD
    rows.loc[: TOLD - 1, ["profit", "holding_cost"]] = (
        played[["profit", "holding_cost"]].iloc[0].to_numpy()
    )
    return rows


def _known(name: str) -> str:
    """`lead_time_108775044` is the column `lead_time`."""
    return next((own for own in COLUMNS[3:] if name.startswith(f"{own}_")), name)


def _whole_columns(table: pd.DataFrame, wanted: tuple[str, ...], source: str) -> None:
    for name in wanted:
        if str(table.columns[0]).startswith("version https://git-lfs"):
            raise InputError(f"{source}: only a pointer to the file; fetch it with git lfs pull")
        if name not in table.columns:
            has = ", ".join(map(str, table.columns))
            raise InputError(f"{source}: no column {name!r}; the columns are {has}")


def _checked(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """The table with numbers as numbers; refuses the first value that is not allowed."""
    table = table[list(COLUMNS)].copy()
    settings = table["lead_time_setting"]
    _refuse(settings, settings.isin(SETTINGS), source, f"one of {', '.join(SETTINGS)}")
    for name in COLUMNS[2:]:
        numbers = pd.to_numeric(table[name], errors="coerce")
        known = numbers.notna() | (table[name].isna() & (name == "lead_time"))
        _refuse(table[name], known, source, "a number")
        table[name] = numbers
    period, demand, lead_time = table["period"], table["demand"], table["lead_time"]
    _refuse(period, period.ge(-TOLD) & period.mod(1).eq(0), source, f"whole, at least {-TOLD}")
    _refuse(demand, demand.ge(0) & demand.mod(1).eq(0), source, "whole, at least 0")
    whole = np.isinf(lead_time) | lead_time.mod(1).eq(0)
    good = period.lt(0) | (lead_time.ge(0) & whole)
    _refuse(lead_time, good, source, "whole, at least 0, or inf (from period 0)")
    for name in ("profit", "holding_cost"):
        _refuse(table[name], table[name].between(0, np.inf, "neither"), source, "above 0")
    return table


def _refuse(column: "pd.Series", good: "pd.Series", source: str, allowed: str) -> None:
    if not good.all():
        row = int(np.flatnonzero(~good.to_numpy())[0])
        value = column.iloc[row]
        shown = value if isinstance(value, str) else f"{value:g}"
        raise InputError(f"{source}: row {row + 2}: {column.name} must be {allowed}, got {shown}")


def _instances(rows: pd.DataFrame, setting: str, source: str) -> Instances:
    """Problems of one setting and length; each must have every period once."""
    sizes = rows.groupby("instance")["period"].agg(["size", "nunique", "max"])
    bad = sizes[(sizes["size"] != sizes["nunique"]) | (sizes["size"] != sizes["max"] + 1 + TOLD)]
    if len(bad):
        raise InputError(
            f"{source}: {bad.index[0]}, lead_time_setting {setting}: periods {-TOLD} to "
            f"{int(bad['max'].iloc[0])} must stand there once each, "
            f"got {int(bad['size'].iloc[0])} rows"
        )
    columns = {
        name: rows.pivot(index="period", columns="instance", values=name) for name in COLUMNS[3:]
    }
    for name in ("profit", "holding_cost"):
        varied = columns[name].nunique() > 1
        if varied.any():
            raise InputError(f"{source}: {varied.idxmax()}: {name} must be the same in all periods")
    values = {
        name: np.ascontiguousarray(table.to_numpy(np.float64)) for name, table in columns.items()
    }
    instances = Instances(
        setting=setting,
        names=tuple(map(str, columns["demand"].columns)),
        history=values["demand"][:TOLD],
        demand=values["demand"][TOLD:],
        lead_time=values["lead_time"][TOLD:],
        profit=values["profit"][0],
        holding=values["holding_cost"][0],
    )
    silent = instances.demand.sum(axis=0) == 0
    if silent.any():
        name = instances.names[int(silent.argmax())]
        raise InputError(f"{source}: {name}: there is no demand to score")
    return instances
