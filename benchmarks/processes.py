"""Independent work shared among processes."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
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
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core a process
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_leave_interrupts_to_parent) as pool:
        try:
            yield from pool.map(work, tasks)
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
