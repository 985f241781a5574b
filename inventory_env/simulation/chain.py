"""Many worlds, run period by period: keeps time around `dynamics.step`, and alone has the tape."""

from dataclasses import replace

from inventory_env.description.population import Population
from inventory_env.frozen import Array
from inventory_env.simulation.dynamics import step
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.memory import Memory
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Tape


class Chain:
    """The worlds of one tape.

    Args:
        population: the chains.
        params: their numbers, where they are known already.
    """

    def __init__(self, population: Population, params: Params | None = None) -> None:
        self._numbers = Params.of(population) if params is None else params
        self.params: Params  # of the tape's worlds, as decisions know them
        self._true_params: Params  # as they are
        self.tape: Tape
        self.situation: Situation

    def reset(
        self,
        tape: Tape,
        state: State | None = None,
        memory: Memory | None = None,
        period: int | None = None,
    ) -> Situation:
        """Start an episode: from the tape's starting stock, or carry on from a state."""
        self.tape, self.params = tape, self._numbers.of_worlds(tape.member)
        self._true_params = _later(self.params, tape.late)
        if memory is None:
            memory = Memory.of_demand(
                self.params, tape.worlds, tape.preceding, tape.preceding_factors
            )
        begin = tape.before if period is None else period
        return self._see(tape.start if state is None else state, memory, begin)

    def _see(self, state: State, memory: Memory, period: int) -> Situation:
        outlook = self.tape.outlook(period)
        self.situation = Situation(self.params, state, memory, outlook, period)
        return self.situation

    @property
    def ended(self) -> bool:
        """Whether the episode is over."""
        return self.situation.period >= self.tape.end

    def step(self, wishes: Array) -> Ledger:
        """One period; advances `situation`.

        Args:
            wishes: (world, site) units that all sites want, before order constraints: the stores,
                then the warehouse, then the supplier.
        """
        return self.place(self.situation.ordered(wishes))

    def place(self, orders: Array) -> Ledger:
        """One period with exactly these orders, (world, site) units; advances `situation`."""
        seen, now = self.situation, self.tape.at(self.situation.period)
        state, ledger = step(self._true_params, seen.state, orders, now)
        self._see(state, seen.memory.after(ledger, self.params, seen.factor(0)), seen.period + 1)
        return ledger


def _later(params: Params, periods: int) -> Params:
    """The same chains with longer lead times."""
    if not periods:
        return params
    return replace(
        params,
        lead_time=params.lead_time + periods,
        least_lead_time=params.least_lead_time + periods,
    )
