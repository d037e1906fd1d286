"""How a flow run is found again: its name and its tags."""

from __future__ import annotations

import datetime as dt

from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from flows.revision import revision


def run_name() -> str:
    """The name of the flow run that begins: ``reproduce-demo-20261124-083000``, with the half after the profile."""
    given = flow_run.parameters
    parts = ["reproduce", given["profile"], given.get("half"), f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}"]
    return "-".join(part for part in parts if part)


def label_run(profile: str, target: str | None, half: str | None) -> None:
    """Tags the flow run with what it was really given, whatever its deployment says, and with the commit that runs."""
    given = {profile, target, half, f"commit-{revision()}"}
    with get_client(sync_client=True) as client:
        client.update_flow_run(flow_run.id, tags=sorted({*flow_run.tags, *(one for one in given if one)}))
