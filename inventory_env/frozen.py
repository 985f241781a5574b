"""The base of everything a user can write into a file: frozen, documented, unknown keys refused."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_STORES = 1000  # of a chain
LONGEST_NAME = 60  # letters


class Frozen(BaseModel):
    """A validated, immutable model; an attribute's docstring is its description."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
