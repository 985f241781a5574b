"""Independent work shared among processes: one core each, none outlives the one that asked."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnContext
from typing import TypeVar

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


def in_processes(
    work: Callable[[_Task], _Result], tasks: Sequence[_Task], workers: int
) -> Iterator[_Result]:
    """The tasks' results in their order; processes end with this one.

    Args:
        work: a function that can be pickled: of a module, or of a class in one.
        tasks: its arguments.
        workers: processes; 1 works in this one.
    """
    if workers == 1 or len(tasks) < 2:
        yield from map(work, tasks)
        return
    with process_pool(workers) as pool:
        yield from pool.map(work, tasks)


@contextmanager
def process_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes to submit work to; what ends the block early ends them at once."""
    with ProcessPoolExecutor(workers, one_core_each(), leave_interrupts_to_parent) as pool:
        try:
            yield pool
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def one_core_each() -> SpawnContext:
    """How to start processes that do not share this one's state, or each other's cores."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return multiprocessing.get_context("spawn")


def leave_interrupts_to_parent() -> None:
    """In a process: Ctrl-C reaches the one that started it, which ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
