"""Prefect flows, deployments and the `m3p` command. They know stages by name, never what is inside one."""
