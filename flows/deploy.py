"""`m3p deploy`: the deployments of prefect.yaml that workers run, registered on a server.

It reads what ``prefect deploy`` would. That command asks for work pools that are there already, and where M3P_PROJECT
is set it writes that value down for all workers, instead of letting each look up its own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.config import read_yaml
from contract.errors import UsageError
from flows.environment import enter_project, prepare_prefect, require_server

if TYPE_CHECKING:
    from prefect.client.schemas.actions import DeploymentScheduleCreate

_FILE = Path("prefect.yaml")


def served_deployments() -> list[dict[str, Any]]:
    """The deployments that `make serve` runs from this folder."""
    return [one for one in read_yaml(_FILE)["deployments"] if "work_pool" not in one]


def schedules_of(deployment: dict[str, Any]) -> list[DeploymentScheduleCreate]:
    """A deployment's schedules, as prefect.yaml states them: ``cron``, and ``timezone`` where it is not UTC."""
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.schedules import CronSchedule

    return [
        DeploymentScheduleCreate(schedule=CronSchedule(cron=one["cron"], timezone=one.get("timezone")), active=True)
        for one in deployment.get("schedules", ())
    ]


def deploy(pool: str | None) -> None:
    """Registers deployments, and makes the work pools that they need.

    Args:
        pool: where those go that name no pool; they are left out where it is None.

    Raises:
        UsageError: where no server is named, or it does not answer.
    """
    enter_project()
    prepare_prefect()
    url = os.environ.get("PREFECT_API_URL", "")
    if not url:
        raise UsageError(
            "PREFECT_API_URL is not set.", "the address of a Prefect server.",
            "`make serve`, or `prefect server start`; then export PREFECT_API_URL=http://HOST:4200/api.",
        )  # fmt: skip
    require_server(url)
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists
    from prefect.utilities.callables import parameter_schema
    from prefect.workers.process import ProcessWorker

    from flows.reproduce import reproduce

    stated = read_yaml(_FILE)
    pools = {one["name"]: one.get("work_pool", {}).get("name", pool) for one in stated["deployments"]}
    with get_client(sync_client=True) as client:
        for name in sorted({name for name in pools.values() if name}):
            template = ProcessWorker.get_default_base_job_template()
            with suppress(ObjectAlreadyExists):
                client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template))
        flow_id = client.create_flow(reproduce)
        for one in stated["deployments"]:
            if pools[one["name"]]:
                client.create_deployment(
                    flow_id, one["name"], work_pool_name=pools[one["name"]], entrypoint=one["entrypoint"],
                    pull_steps=stated["pull"], parameters=one["parameters"], tags=one["tags"],
                    description=one["description"], concurrency_limit=one["concurrency_limit"],
                    schedules=schedules_of(one),
                    parameter_openapi_schema=parameter_schema(reproduce).model_dump_for_openapi(),
                    enforce_parameter_schema=True,
                )  # fmt: skip
    for name in sorted(name for name in pools if pools[name]):
        print(f"reproduce/{name} is for workers of the pool {pools[name]}")
    print("A worker, on its own machine, in its own clone:")
    print(f"  export PREFECT_API_URL={url} M3P_PROJECT=$PWD")
    for name in sorted({name for name in pools.values() if name}):
        print(f"  prefect worker start --type process --pool {name}")
    print("A run, from anywhere:")
    for name in sorted(name for name in pools if pools[name]):
        print(f"  prefect deployment run reproduce/{name} --watch")
