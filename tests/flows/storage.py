"""A real S3 server on loopback, and how a clone is told of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import boto3
from moto.server import ThreadedMotoServer

SECRET = token_hex(20)  # not in any file, so that it can be looked for
KEYS = {"AWS_ACCESS_KEY_ID": "the-key", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def s3_server(bucket: str) -> Iterator[str]:
    """A server with one empty bucket; gives its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client_of(address).create_bucket(Bucket=bucket)
    try:
        yield address
    finally:
        server.stop()


def client_of(address: str):
    return boto3.client(
        "s3", endpoint_url=address, aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"], region_name="us-east-1",
        aws_secret_access_key=SECRET,
    )  # fmt: skip


def use_remote(clone: Path, address: str, url: str = "s3://m3p/store") -> None:
    """Names the remote in the file that is under git, and where it answers in the one that is not."""
    dvc(clone, "remote", "add", "--force", "--default", "store", url)
    dvc(clone, "remote", "modify", "--local", "store", "endpointurl", address)


def dvc(clone: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "dvc", *arguments]
    environment = os.environ | KEYS
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=True).stdout


def without_keys(home: Path) -> dict[str, str]:
    """The environment of one who has no credentials, nor asks the network for any.

    Args:
        home: an empty home.
    """
    own = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PREFECT_"))}
    return own | {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(home)}
