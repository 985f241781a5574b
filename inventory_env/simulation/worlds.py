"""Arrays over worlds: how they lie in memory, and how worlds are repeated, picked and stacked.

An array (world, site) is laid out site by site, all worlds of a site side by side: numpy then works
on long runs whatever the number of sites, a tier is one piece, and sums over sites add in the same
order for one world as for thousands.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from inventory_env.frozen import Array, Integers

Batch = TypeVar("Batch")
Values = npt.NDArray[Any]
Number = TypeVar("Number", bound=np.generic)


def _world_axis(batch: Any, name: str) -> int:
    """Which axis of a field is the world: the first, or the second of those named so."""
    return int(name in getattr(batch, "WORLD_SECOND", ()))


def empty(worlds: int, sites: int) -> Array:
    """(world, site) without values."""
    return np.empty((sites, worlds)).T


def zeros(worlds: int, sites: int) -> Array:
    """(world, site) of zeros."""
    return np.zeros((sites, worlds)).T


def laid_out(values: Values) -> Values:
    """The same values (..., world, site), each site's worlds side by side."""
    return np.ascontiguousarray(values.swapaxes(-1, -2)).swapaxes(-1, -2)


def world_last(values: Values) -> Values:
    """(period, world, site) from (period, site, world), which is how it lies in memory."""
    return np.ascontiguousarray(values).swapaxes(1, 2)


def over_sites(values: Array) -> Array:
    """(world,) sum of (world, site) values, added site by site."""
    if len(values) == 1:  # numpy would add one long row in another order
        return np.add.accumulate(values, axis=1)[:, -1]
    return np.add.reduce(values, axis=1)


def pick(values: Array, worlds: Integers) -> Array:
    """(world, site) of these worlds; one row for all worlds stays as it is."""
    return values if len(values) == 1 else values.T.take(worlds, axis=1).T


def of_worlds(values: npt.NDArray[Number], member: Integers) -> npt.NDArray[Number]:
    """(world, ...) the rows of the chains that worlds play; one row stays one."""
    return values if len(values) == 1 else values[member]


def repeat_worlds(batch: Batch, times: int) -> Batch:
    """Each world `times` times in a row."""
    if times == 1:
        return batch
    return _mapped(batch, lambda values: np.repeat(values, times, axis=-1))


def pick_worlds(batch: Batch, worlds: Integers) -> Batch:
    """These worlds, in this order; arrays with one row for all worlds stay as they are."""
    return _mapped(
        batch, lambda values: values if values.shape[-1] == 1 else values.take(worlds, axis=-1)
    )


def stack_worlds(batches: Sequence[Batch]) -> Batch:
    """The worlds of all batches, one batch after the other; fields that are None stay None."""
    first = batches[0]
    if len(batches) == 1:
        return first
    changes: dict[str, Any] = {}
    for each in fields(first):  # type: ignore[arg-type]
        values = [getattr(batch, each.name) for batch in batches]
        if is_dataclass(values[0]):
            changes[each.name] = stack_worlds(values)
        elif isinstance(values[0], np.ndarray):
            axis = _world_axis(first, each.name)
            last = np.concatenate([np.moveaxis(value, axis, -1) for value in values], axis=-1)
            changes[each.name] = np.moveaxis(last, -1, axis)
    return replace(first, **changes)  # type: ignore[type-var]


def _mapped(batch: Batch, change: Callable[[Values], Values]) -> Batch:
    """Every array of a dataclass changed, given and taken with its world axis last."""
    changes: dict[str, Any] = {}
    for each in fields(batch):  # type: ignore[arg-type]
        value = getattr(batch, each.name)
        if is_dataclass(value):
            changes[each.name] = _mapped(value, change)
        elif isinstance(value, np.ndarray) and value.ndim:
            axis = _world_axis(batch, each.name)
            moved = np.ascontiguousarray(np.moveaxis(value, axis, -1))
            changes[each.name] = np.moveaxis(change(moved), -1, axis)
        elif isinstance(value, tuple) and value and all(is_dataclass(item) for item in value):
            changes[each.name] = tuple(_mapped(item, change) for item in value)
    return replace(batch, **changes)  # type: ignore[type-var]
