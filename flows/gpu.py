"""Stages that compute on a GPU, so that no two of them meet on one machine.

Within a run they are started one after another. Runs that report to one server share a concurrency limit of that server
as well, ``gpu-<host name>``: the first run that finds a GPU makes it, for one stage at once; an operator may change it.
"""

from __future__ import annotations

import logging
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from httpx import HTTPStatusError, codes
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.client.schemas.objects import ConcurrencyLeaseHolder
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import PREFECT_API_URL

from flows.stage_run import StageProcesses

_WAIT_SECONDS = 2.0
_LEASE_SECONDS = 120  # a slot of a machine that is gone is free again after so long; renewed while the stage runs


@dataclass(frozen=True)
class GpuLimit:
    """How many stages may compute on this machine's GPU at once.

    Attributes:
        at_once: the number.
        name: the server's limit that other runs share; None where the server serves this run alone.
    """

    at_once: int
    name: str | None


def limit_name() -> str:
    """The name of this machine's limit."""
    return f"gpu-{platform.node()}"


def gpu_limit() -> GpuLimit | None:
    """This machine's limit, made on the server where there is a GPU and no limit yet; None where nothing limits."""
    if not PREFECT_API_URL.value():  # the run has a server of its own
        return GpuLimit(1, None) if _has_gpu() else None
    name = limit_name()
    with get_client(sync_client=True) as client:
        try:
            limit = client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            if not _has_gpu():
                return None
            with suppress(ObjectAlreadyExists):  # another run was first
                client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
            limit = client.read_global_concurrency_limit_by_name(name)
    return GpuLimit(max(1, limit.limit), name) if limit.active else None


def _has_gpu() -> bool:
    """Whether the stages will find one, asked of PyTorch in a process of its own, which takes its memory with it."""
    program = "import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0


def _no_attempt(record: logging.LogRecord) -> bool:
    return not str(record.msg).endswith("failed to process item %r")


def _log_no_attempts() -> None:
    """Keeps out of Prefect's log that a slot was not to be had, which it calls an error; one that is, is raised too."""
    logger = logging.getLogger("prefect._internal.concurrency")
    if _no_attempt not in logger.filters:
        logger.addFilter(_no_attempt)


def _all_are_held(error: ConcurrencySlotAcquisitionError) -> bool:
    return isinstance(error.__cause__, HTTPStatusError) and error.__cause__.response.status_code == codes.LOCKED


@contextmanager
def gpu_slot(
    limit: GpuLimit | None, task_run: str, processes: StageProcesses, say: Callable[[str], None]
) -> Iterator[None]:
    """Holds one slot of the server's limit, once there is one.

    Args:
        limit: the limit; nothing is waited for where it is None or has no name.
        task_run: id of the task run that holds it, as the server shows it.
        processes: those of the run; where they are stopped, waiting ends.
        say: is given a line where it must wait.

    Raises:
        StageFailedError: where the run is stopped while it waits.
    """
    if limit is None or limit.name is None:
        yield
        return
    _log_no_attempts()
    holder = ConcurrencyLeaseHolder(type="task_run", id=task_run)
    with ExitStack() as held:
        waits = False
        while True:
            processes.require_open()
            slot = concurrency(  # tried once at a time, so that a run that waits can be stopped
                limit.name, max_retries=0, lease_duration=_LEASE_SECONDS, holder=holder,
                raise_on_lease_renewal_failure=False,
            )  # fmt: skip
            try:
                held.enter_context(slot)
                break
            except ConcurrencySlotAcquisitionError as error:
                if not _all_are_held(error):
                    raise
                if not waits:
                    say(f"waits until another stage leaves the GPU (limit {limit.name})")
                waits = True
                time.sleep(_WAIT_SECONDS)
        yield
