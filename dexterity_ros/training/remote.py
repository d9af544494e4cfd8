"""Rollouts in other processes, on this machine or many, by Ray: whole chunks, weights by reference.

A worker that dies costs its chunk: the learner goes on with what the others brought, and another takes its place.
Source of what a call may be worth: docs.ray.io, patterns and anti-patterns (no less than about 10 ms of work per call).
"""

import logging
import os
import socket
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import ray
import torch
from numpy.typing import NDArray
from torch import Tensor

from dexterity_ros.contracts.errors import ConfigError, DexterityError
from dexterity_ros.contracts.ranges import shown
from dexterity_ros.sim.snapshot import Snapshot
from dexterity_ros.training.checkpoint import TrainingError
from dexterity_ros.training.ppo import Rollout
from dexterity_ros.training.rollouts import Seconds, Tally
from dexterity_ros.training.site import Build, Chunk, Lot, Orders, Site

LOCAL = "local"
_PATIENCE_S = 120.0  # with a worker that is set up: environments take seconds, on a busy machine a minute
_MOST_LOSSES = 10  # of all workers in a row: then it is not they who are at fault
_STORE_BYTES = 512 * 1024 * 1024  # of a cluster on this machine; a chunk has a few MB
_log = logging.getLogger(__name__)

Weights = dict[str, NDArray[Any]]


def connect(address: str, workers: int | None = None) -> int:
    """Joins a Ray cluster, or starts one on this machine for `local`. Returns how many workers it has room for.

    Raises:
        ConfigError: nobody answers at the address, or there is no room.
    """
    if not ray.is_initialized():
        _start(address, workers)
    room = int(ray.cluster_resources().get("CPU", 0))
    wanted = room if workers is None else workers
    if not 1 <= wanted <= room:
        raise ConfigError(f"--workers is {wanted}, the cluster has {room} CPUs: expected 1 to {room}")
    return wanted


def _start(address: str, workers: int | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would ask somebody on the internet
    named: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
    if address == LOCAL:
        named |= {"address": "local", "include_dashboard": False, "object_store_memory": _STORE_BYTES}
        named |= {"num_cpus": max(workers or 0, os.cpu_count() or 1), "_node_ip_address": "127.0.0.1"}
    else:
        named["address"] = address
    try:
        if address != LOCAL:
            host, _, port = address.removeprefix("ray://").rpartition(":")
            socket.create_connection((host, int(port)), timeout=5.0).close()  # Ray itself would try for minutes
        ray.init(**named)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        why = " ".join(str(error).split())[:200]
        raise ConfigError(f"--ray is {shown(address)}: no Ray cluster answers there ({why})") from error


class _Worker:
    """What runs in a worker's process."""

    def __init__(self, build: Build, lot: Lot) -> None:
        torch.set_num_threads(1)
        self._site = build(lot)

    def ready(self) -> bool:
        return True

    def restart(self, weights: Weights, orders: Orders) -> tuple[NDArray[Any], NDArray[Any]]:
        self._prepare(weights, orders)
        observation, privileged = self._site.collector.restart()
        return observation.numpy(), privileged.numpy()

    def chunk(self, weights: Weights, orders: Orders) -> Chunk:
        self._prepare(weights, orders)
        return self._site.chunk()

    def snapshot(self) -> Snapshot:
        return self._site.snapshot()

    def restore(self, values: Snapshot) -> None:
        self._site.restore(values)

    def _prepare(self, weights: Weights, orders: Orders) -> None:
        for network, prefix in ((self._site.ppo.actor, "actor."), (self._site.ppo.critic, "critic.")):
            own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
            network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in own.items()})
        self._site.obey(orders)


class RayCollector:
    """`Rollouts` of many workers. The learner's own site says what theirs are like, and counts what they count."""

    def __init__(
        self,
        build: Build,
        own: Site,
        workers: int,
        device: torch.device | str = "cpu",
        patience_s: float = _PATIENCE_S,
    ) -> None:
        """patience_s: so long rollouts wait once for a new worker; then they go on without it until it is there."""
        self._build, self._own, self._workers, self._device = build, own, workers, device
        self._patience_s, self._lives = patience_s, [0] * workers
        self._coming: dict[int, Any] = {}  # workers that are being set up, and what says that they are ready
        self._late: set[int] = set()
        self._actors = [self._hire(k) for k in range(workers)]
        self.seconds, self.begun, self.lost = Seconds(), False, 0

    def restart(self) -> tuple[Tensor, Tensor]:
        """Begins anew. Returns (observation, what the critic sees) of all that answer. Raises TrainingError."""
        found = self._everyone("restart", ray.put(self._weights()), self._own.orders())
        self.begun = True
        seen, privileged = (np.concatenate(parts) for parts in zip(*found.values(), strict=True))
        return self._tensor(seen), self._tensor(privileged)

    def rollout(self) -> tuple[Rollout, Tensor, Tally]:
        """Returns (what happened, values of where it stands, what became of the attempts), of all that answer."""
        by_reference = ray.put(self._weights())
        chunks = self.seconds.timed(
            "simulation", lambda: self._everyone("chunk", by_reference, self._own.orders())
        )  # fmt: skip
        for chunk in chunks.values():
            self._own.take(chunk)
        return self._together(list(chunks.values()))

    def snapshot(self) -> Snapshot:
        """Returns where all workers stand."""
        return {str(k): values for k, values in self._everyone("snapshot").items()}

    def restore(self, values: Snapshot) -> None:
        """Goes on where as many workers stood; others begin anew."""
        if set(values) != {str(k) for k in range(self._workers)}:
            return
        ray.get([self._actors[k].restore.remote(values[str(k)]) for k in self._present()])
        self.begun = True

    def close(self) -> None:
        """Ends the workers."""
        for actor in self._actors:
            ray.kill(actor)

    @property
    def actors(self) -> list[Any]:
        """Handles of the workers as they are now."""
        return list(self._actors)

    def _hire(self, worker: int) -> Any:
        lot = Lot(worker=worker, workers=self._workers, life=self._lives[worker])
        actor = ray.remote(num_cpus=1)(_Worker).remote(self._build, lot)
        self._coming[worker] = actor.ready.remote()
        self._late.discard(worker)
        return actor

    def _present(self) -> list[int]:
        """Returns the workers that are ready, at least one. A machine that is gone takes the room of its workers along.

        Raises:
            TrainingError: one cannot be set up.
        """
        while True:
            for worker, ready in list(self._coming.items()):
                self._meet(worker, ready)
            present = [k for k in range(self._workers) if k not in self._coming]
            if present:
                return present
            ray.wait(list(self._coming.values()), num_returns=1)

    def _meet(self, worker: int, ready: Any) -> None:
        """Waits for a worker, once."""
        there, _ = ray.wait([ready], timeout=0.0 if worker in self._late else self._patience_s)
        if not there:
            self._late.add(worker)
            return
        try:
            ray.get(ready)
            del self._coming[worker]
        except ray.exceptions.RayActorError as error:
            why = " ".join(str(error).split())
            if "creation task" in why:
                raise TrainingError(f"worker {worker} cannot be set up: ...{why[-300:]}") from None
            self._replace(worker, error)

    def _everyone(self, what: str, *arguments: Any) -> dict[int, Any]:
        """Returns what workers answer, by their number; who dies meanwhile is replaced and asked the next time."""
        for _ in range(_MOST_LOSSES):
            answers = dict(sorted(self._asked(what, *arguments)))
            if answers:
                return answers
        raise TrainingError(f"all {self._workers} workers died {_MOST_LOSSES} times in a row; see Ray's logs")

    def _asked(self, what: str, *arguments: Any) -> Iterator[tuple[int, Any]]:
        pending = {getattr(self._actors[k], what).remote(*arguments): k for k in self._present()}
        while pending:
            (done, *_), _rest = ray.wait(list(pending), num_returns=1)
            worker = pending.pop(done)
            try:
                yield worker, ray.get(done)
            except ray.exceptions.RayTaskError as error:
                raise error.cause if isinstance(error.cause, DexterityError) else error from None
            except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError) as error:
                self._replace(worker, error)

    def _replace(self, worker: int, error: Exception) -> None:
        self.lost += 1
        self._lives[worker] += 1
        _log.warning("worker %d died, its chunk is lost: %s", worker, type(error).__name__)
        self._actors[worker] = self._hire(worker)

    def _weights(self) -> Weights:
        networks = (("actor.", self._own.ppo.actor), ("critic.", self._own.ppo.critic))
        return {
            prefix + name: value.detach().cpu().numpy()
            for prefix, network in networks
            for name, value in network.state_dict().items()
        }

    def _together(self, chunks: list[Chunk]) -> tuple[Rollout, Tensor, Tally]:
        """Returns the chunks side by side."""
        sides = {field.name: int(field.name != "state") for field in fields(Rollout)}  # (N, s) and (T, N, ...)
        together = {name: np.concatenate([c.rollout[name] for c in chunks], side) for name, side in sides.items()}
        rollout = Rollout(**{name: self._tensor(values) for name, values in together.items()})
        tally = Tally(reached=sum(c.tally.reached for c in chunks), failed=sum(c.tally.failed for c in chunks))
        return rollout, self._tensor(np.concatenate([c.last for c in chunks])), tally

    def _tensor(self, values: Any) -> Tensor:
        return torch.as_tensor(values, device=self._device)
