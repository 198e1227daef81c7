"""Ray, started on this machine or joined: where it is, whether it answers, and what is said when it does not."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator

from ura_study.cache import cache_root, check_cache
from ura_study.errors import ConfigError, ResourceError
from ura_study.output import notice

#: Ray reads these when it is imported. Its console output would tear the live display.
QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "100000000",
    # Hundreds of lines about what `raylet` watches for.
    "RAY_DEDUP_LOGS_SKIP_REGEX": "Raylet is terminated|has been marked dead",
    # The queue hands out as many runs as there is room for; Tune would let one at a time wait for its worker to start.
    "TUNE_MAX_PENDING_TRIALS_PG": "100000000",
}
#: Ray puts sockets some 60 characters below this folder, and a socket's path has at most 107.
LONGEST_FOLDER = 40
#: Seconds to wait for an answer, and before a start of Ray that failed is tried once more.
PATIENCE, AGAIN = 10, 3


@contextlib.contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Start Ray on this machine, or join a cluster; leave it in the end.

    Args:
        address: `auto`, `host:port` or `[IPv6]:port` of a cluster that this machine is part of; None: the one that
            `RAY_ADDRESS` names, else this machine alone.

    Raises:
        ConfigError: where the address is none.
        ResourceError: where nothing answers there or it is no Ray, Ray does not start, or the cache cannot be written.
    """
    os.environ.update({name: os.environ.get(name, value) for name, value in QUIET.items()})
    if address is None and (named := os.environ.get("RAY_ADDRESS")):
        notice(f"running on the Ray cluster at {named} (RAY_ADDRESS)")
        address = named
    token = asks_for_token(address)
    check_cache()
    os.environ["URA_STUDY_CACHE"] = str(cache_root())  # absolute: workers run in folders of their own
    if len(tempfile.gettempdir()) > LONGEST_FOLDER and os.access("/tmp", os.W_OK):
        os.environ.setdefault("RAY_TMPDIR", "/tmp")
    if token:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # what failed, the records say
    import ray

    _start(address)
    try:
        yield
    finally:
        ray.shutdown()
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))  # Ray has put back the system's, beneath Python


def restart() -> None:
    """Start Ray on this machine once more, after its process died.

    Raises:
        ResourceError: where it does not start.
    """
    import ray

    ray.shutdown()
    _start(None)


def raylet() -> tuple[str, int]:
    """Return host and port of Ray's process on this machine."""
    import ray

    own = ray.get_runtime_context().get_node_id()
    (node,) = (node for node in ray.nodes() if node["NodeID"] == own)
    return node["NodeManagerAddress"], node["NodeManagerPort"]


def _start(address: str | None) -> None:
    import ray

    heard = signal.getsignal(signal.SIGTERM)
    local = {} if address else {"include_dashboard": False, "object_store_memory": 256 << 20}
    for last in (address is not None, True):
        try:
            ray.init(address=address or "local", log_to_driver=False, logging_level="ERROR", **local)
            signal.signal(signal.SIGTERM, heard)  # Ray has taken it, to end the process
            return
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            ray.shutdown()
            if last:
                said = " ".join(str(error).split())
                where = f"no Ray cluster at {address}" if address else "Ray does not start on this machine"
                remedy = "" if address else "; try again, or with RAY_TMPDIR set to a folder with a short path"
                raise ResourceError(f"{where} ({said:.300}){remedy}") from error
            time.sleep(AGAIN)


def asks_for_token(address: str | None) -> bool:
    """Tell whether the cluster at `host:port` takes only callers who have its token.

    Of `auto`, Ray finds that out itself.

    Raises:
        ConfigError: where the address is of a kind that is not supported.
        ResourceError: where nothing answers there, or no Ray; Ray itself would try for minutes.
    """
    if address is not None and address.startswith("ray://"):
        raise ConfigError("--address: Ray Client (ray://) is not supported; run on a node of the cluster with 'auto'")
    host, _, port = (address or "").rpartition(":")
    if not (host and port.isdigit()):
        return False
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ResourceError(f"no Ray cluster at {address} ({reason})") from error
    refuses = _refuses_strangers(f"{host}:{port}")
    if refuses is None:
        raise ResourceError(f"no Ray cluster at {address}: something answers there, but it is no Ray")
    return refuses


def _refuses_strangers(place: str) -> bool | None:
    """Tell whether Ray's control service refuses callers without a token; None where nothing speaks gRPC."""
    import grpc

    with grpc.insecure_channel(place) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=PATIENCE)
            channel.unary_unary("/ray.rpc.NodeInfoGcsService/CheckAlive")(b"", timeout=PATIENCE)
        except grpc.FutureTimeoutError:
            return None
        except grpc.RpcError as error:
            return error.code() == grpc.StatusCode.UNAUTHENTICATED
    return False
