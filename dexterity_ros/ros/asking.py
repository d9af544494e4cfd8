"""One request of a service, asked again while nobody answers: an answer can be lost on a busy machine.

A server that has not yet found the one who asks does what it is asked for, and drops its answer. Only for requests that
may be carried out twice.
"""

import time
from typing import Any

_AGAIN_S = 0.8


class Asking:
    """A request on its way. Somebody else spins the node that owns the client."""

    def __init__(self, client: Any, request: Any) -> None:
        self._client, self._request = client, request
        self._futures: list[Any] = []
        self._last_s = 0.0
        self.asked_s: float | None = None  # when it was asked first, monotonic clock; None: the service is not there
        self.answer: Any = None

    def step(self) -> bool:
        """Asks, once the service is there, and again. Returns whether it was answered."""
        self.answer = next((future.result() for future in self._futures if future.done()), None)
        if self.answer is not None:
            self.give_up()
            return True
        now = time.monotonic()
        if now - self._last_s > _AGAIN_S and self._client.service_is_ready():
            self._futures.append(self._client.call_async(self._request))
            self._last_s, self.asked_s = now, now if self.asked_s is None else self.asked_s
        return False

    def give_up(self) -> None:
        """Waits for no answer any more."""
        for future in self._futures:
            self._client.remove_pending_request(future)
        self._futures = []
