"""Levels without a search: small networks of what makes a store's problem, fitted to searched ones.

A kind's levels in standard units (`levels`) as the mean of a few networks of two hidden layers of
a store's critical ratio, lead time, variation, size, review, packs and customers' patience.
`policies.learning.fit_levels` made their weights and says how good they are.
"""

import json
from functools import cache
from importlib import resources
from typing import Any
from zlib import crc32

import numpy as np
from scipy.special import gammaincinv

from inventory_env.description.need import Need
from inventory_env.frozen import Array

FILE = "fitted_levels.json"
LEAST_VARIATION = 0.05
LARGEST_UNIT = 6.0  # 1 / root of the mean, of rare demand
LARGEST_PACK = 6.0  # standard deviations of demand over the cover
LEAST_SHAPE = 1e-3  # of a gamma law


def numbers(need: Need) -> Array:
    """(..., number) what makes a store's problem."""
    ratio = need.shortage / np.maximum(need.shortage + need.holding, 1e-9)
    cycle_mean, cycle_sd = need.mean * need.review, need.sd * np.sqrt(need.review)
    share = cycle_sd / np.maximum(need.cover_sd, 1e-9)
    of_cycle = _gamma_factor(ratio, cycle_mean, cycle_sd)
    variation = need.sd / need.mean
    columns = [
        need.safety_factor,
        of_cycle,
        _gamma_factor(ratio, need.mean * need.cover, need.cover_sd),
        of_cycle * share,
        share,
        np.sqrt(need.lead_time),
        np.log(variation + LEAST_VARIATION),
        np.minimum(1 / np.sqrt(need.mean), LARGEST_UNIT),
        np.clip(variation**2 - 1 / need.mean, -1.0, 2.0),
        need.lead_time_sd,
        np.log(need.review),
        need.waiting,
        np.log(need.cover_sd / cycle_mean + LEAST_VARIATION),
        np.log1p(need.pack / need.mean),
        np.minimum(need.pack / np.maximum(need.cover_sd, 1e-9), LARGEST_PACK),
        need.in_sequence,
    ]
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def _gamma_factor(ratio: Array, mean: Array, sd: Array) -> Array:
    """Standard deviations above the mean of the quantile that a newsvendor of gamma demand has."""
    sd = np.maximum(sd, LEAST_VARIATION * mean)
    shape = np.maximum((mean / sd) ** 2, LEAST_SHAPE)
    quantile = gammaincinv(shape, np.clip(ratio, 0.01, 0.9999)) * mean / shape
    return np.asarray(np.clip((quantile - mean) / sd, -3.0, 6.0))


@cache
def _fits() -> dict[str, dict[str, Any]]:
    text = resources.files("policies.rules").joinpath(FILE).read_text(encoding="utf-8")
    kinds: dict[str, dict[str, Any]] = json.loads(text)["kinds"]
    return kinds


@cache
def fingerprint(kind: str) -> str:
    """Names a kind's fit: what was taught with one is not used with another."""
    return f"fitted-{crc32(json.dumps(_fits()[kind]).encode()):08x}"


def is_fitted(kind: str) -> bool:
    """Whether there is a formula for a kind of rule."""
    return kind in _fits()


def fitted_levels(kind: str, need: Need) -> Array:
    """(..., level) of a kind of rule in standard units.

    Args:
        kind: of rule; one that `is_fitted`.
        need: what the stores cover.
    """
    return evaluated(_fits()[kind], numbers(need))


def evaluated(fit: dict[str, Any], values: Array) -> Array:
    """(..., level) of a fit at (..., number)."""
    values = (values - np.array(fit["centre"])) / np.array(fit["scale"])
    values = np.clip(values, fit["least"], fit["largest"])
    found = []
    for layers in fit["networks"]:
        hidden = values
        for weights, bias in layers[:-1]:
            hidden = np.tanh(hidden @ np.array(weights).T + np.array(bias))
        weights, bias = layers[-1]
        found.append(hidden @ np.array(weights).T + np.array(bias))
    return np.asarray(np.clip(np.mean(found, axis=0), fit["low"], fit["high"]))
