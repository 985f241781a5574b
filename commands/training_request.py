"""What `hmarl train` was asked for: options that exclude each other, and what the others mean.

That is which chain, with which settings, which tiers learn, and on top of which run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from typer.exceptions import TyperException

from benchmarks.measurement import Tell
from commands.mistakes import refuse
from commands.options import DEFAULT_SCENARIO, chain_of, problems_of, tiers_of

if TYPE_CHECKING:
    from inventory_env.description.problem_distribution import ProblemDistribution
    from inventory_env.description.scenario import Scenario
    from policies.runs.generalist import Generalist
    from policies.runs.run_folder import Run
    from policies.runs.training import OnProgress


@dataclass(frozen=True)
class PreparedTraining:
    """A training that can start."""

    folder: Path  # of the run
    run: "Callable[[OnProgress], Run | Generalist]"


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """The options of the command; None is what was left out."""

    scenario: str | None
    demand: Path | None
    csv_options: dict[str, str | None]  # how to read the demand
    units: str | None
    steps: int | None
    seed: int | None
    algo: str | None
    config: Path | None
    learn: str | None
    others: Path | None
    start: Path | None
    phase: int | None
    critic: str | None
    resume: Path | None
    tensorboard: bool
    study: str | None
    trial: str | None
    studies: Path
    runs: Path

    def prepare(self, tell: Tell) -> PreparedTraining:
        """Find out what to train, and make its folder, unless a stopped run is continued.

        Raises:
            TyperException: if options contradict each other.
            InputError: if a file is wrong, or what is asked for cannot be trained.
        """
        self._refuse_contradictions()
        from inventory_env.description.demand_warnings import demand_warnings
        from policies.runs import training
        from policies.runs.generalist import load_generalist, run_named
        from policies.runs.run_folder import new_folder

        if self.resume is not None:
            stopped = self.resume
            return PreparedTraining(stopped, lambda tell: training.resume(stopped, tell))
        name, config = self._scenario_and_config()
        problems = None if name is None or self.demand is not None else problems_of(name)
        if problems is not None:
            return self._for_problems(problems, config, tell)
        chain = self._chain(name, config, tell)
        for words in demand_warnings(chain):
            tell(words)
        start = None if self.start is None else load_generalist(run_named(self.start))
        others = self._others(chain, tell)
        training.check(chain, others, start)
        folder = new_folder(self.runs, chain)
        tell(f"Run folder: {folder}")

        def run(on_progress: "OnProgress") -> "Run":
            return training.train(
                chain,
                seed=self.seed or 0,
                folder=folder,
                on_progress=on_progress,
                tensorboard=self.tensorboard,
                others=others,
                start=start,
            )

        return PreparedTraining(folder, run)

    def _refuse_contradictions(self) -> None:
        own = {"scenario": self.scenario, "demand": self.demand, "units": self.units}
        if self.resume is not None:
            rest = {
                **{"steps": self.steps, "seed": self.seed, "algo": self.algo},
                **{"config": self.config, "tensorboard": self.tensorboard or None},
                **{"learn": self.learn, "others": self.others, "phase": self.phase},
                **{
                    "start": self.start,
                    "critic": self.critic,
                    "study": self.study,
                    "trial": self.trial,
                },
            }
            reason = f"--resume {self.resume} continues a run as it was started"
            refuse({**own, **self.csv_options, **rest}, reason)
        if self.study is not None:
            reason = f"--study {self.study} has its own chain and settings"
            refuse({**own, "config": self.config, **self.csv_options}, reason)
        else:
            refuse({"trial": self.trial}, "there is no trial without --study")
        if self.demand is None:
            refuse(self.csv_options, "there is no CSV without --demand")
        if self.others is not None and self.learn is None and self.phase is None:
            raise TyperException(
                "--others needs --learn or --phase: which tiers learn on top of it"
            )
        if self.phase is not None:
            refuse({"learn": self.learn}, f"--phase {self.phase} says which tier learns")
        if self.start is not None:
            reason = f"--start {self.start} goes on from a network for stores"
            refuse({"learn": self.learn, "others": self.others, "phase": self.phase}, reason)
        if self.tensorboard:
            _need_tensorboard()

    def _scenario_and_config(self) -> tuple[str | None, Path | None]:
        """Which scenario with which settings over its own; a study has both in its folder."""
        if self.study is None:
            return self.scenario, self.config
        from tuning.study_folder import study_files

        found, config = study_files(self.studies, self.study, self.trial or "best")
        return str(found), config

    def _for_problems(
        self, problems: "ProblemDistribution", config: Path | None, tell: Tell
    ) -> PreparedTraining:
        """A training for every chain of a distribution."""
        from inventory_env.description.training_config import with_training
        from policies.runs import training
        from policies.runs.run_folder import new_folder

        named = "scenario" if self.study is None else "study"
        reason = f"--{named} {self.study or self.scenario} describes many chains"
        own = {"units": self.units, "others": self.others, "phase": self.phase}
        refuse({**own, "start": self.start}, reason)
        problems = with_training(
            problems,
            config,
            steps=self.steps,
            algorithm=self.algo,
            learn=tiers_of(self.learn),
            critic=self.critic,
        )
        training.check_problems(problems)
        folder = new_folder(self.runs, problems)
        tell(f"Run folder: {folder}")

        def run(on_progress: "OnProgress") -> "Generalist":
            return training.train_generalist(
                problems,
                seed=self.seed or 0,
                folder=folder,
                on_progress=on_progress,
                tensorboard=self.tensorboard,
            )

        return PreparedTraining(folder, run)

    def _chain(self, name: str | None, config: Path | None, tell: Tell) -> "Scenario":
        """The chain with its training settings."""
        from inventory_env.description.training_config import with_training
        from policies.runs.phases import PHASES
        from policies.runs.run_folder import read_scenario

        if self.others is not None and name is None and self.demand is None:
            refuse({"units": self.units}, f"--others {self.others} has its own chain")
            chain = read_scenario(self.others)
        else:
            chain = chain_of(
                name or DEFAULT_SCENARIO, tell, self.demand, self.csv_options, self.units
            )
        tiers = (PHASES[self.phase],) if self.phase else tiers_of(self.learn)
        return with_training(
            chain,
            config,
            steps=self.steps,
            algorithm=self.algo,
            learn=tiers,
            critic=self.critic,
        )

    def _others(self, chain: "Scenario", tell: Tell) -> Path | None:
        """The run that decides for the sites that do not learn; a phase finds the one before."""
        from policies.runs.phases import run_of_phase

        if self.phase is None or self.phase == 1 or self.others is not None:
            return self.others
        before = run_of_phase(self.phase - 1, chain, self.runs)
        tell(f"Phase {self.phase} builds on {before}")
        return before


def _need_tensorboard() -> None:
    from importlib.util import find_spec

    if find_spec("tensorboard") is None:
        raise TyperException("--tensorboard needs a package: pip install 'hmarl[tensorboard]'")
