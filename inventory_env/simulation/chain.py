"""Many worlds, run period by period: keeps time around `dynamics.step`, and alone has the tape."""

from inventory_env.description.population import Population
from inventory_env.frozen import Array
from inventory_env.simulation.constraints import project
from inventory_env.simulation.dynamics import step
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.memory import Memory
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Tape


class Chain:
    """The worlds of one tape. Sites that nobody decides for follow their chain's rules."""

    def __init__(self, population: Population) -> None:
        self._numbers = Params.of(population)
        self.params: Params  # of the tape's worlds
        self.tape: Tape
        self.situation: Situation

    def reset(
        self,
        tape: Tape,
        state: State | None = None,
        memory: Memory | None = None,
        period: int = 0,
    ) -> Situation:
        """Start an episode: from the tape's starting stock, or carry on from a state."""
        self.tape, self.params = tape, self._numbers.of_worlds(tape.member)
        if memory is None:
            memory = Memory.of_demand(self.params, tape.worlds, tape.preceding)
        return self._see(tape.start if state is None else state, memory, period)

    def _see(self, state: State, memory: Memory, period: int) -> Situation:
        outlook = self.tape.outlook(period)
        self.situation = Situation(self.params, state, memory, outlook, period)
        return self.situation

    @property
    def ended(self) -> bool:
        """Whether the episode is over."""
        return self.situation.period >= self.tape.periods

    def step(self, wishes: Array) -> Ledger:
        """One period; advances `situation`.

        Args:
            wishes: (world, site) units that the sites want, before order constraints: all stores,
                then the warehouse, then the supplier. Upstream sites may be left out at the end;
                they follow their chain's rules.
        """
        seen, params = self.situation, self.params
        stock = seen.position
        if params.limits.storage_limit is not None:
            stock = stock + seen.state.backorders
        orders = project(seen.completed(wishes), params.limits, stock, seen.period)
        state, ledger = step(params, seen.state, orders, self.tape.at(seen.period))
        self._see(state, seen.memory.after(ledger, params), seen.period + 1)
        return ledger
