"""Which of the page's browsers may command: one, that entered the secret, for as long as its connection lasts."""

import hmac
import math
import secrets

from dexterity_ros.safety.supervisor import READY_S

_SECRET_BYTES = 16  # 128 bits
_FREE_TRIES, _LONGEST_PAUSE_S = 5, 60.0


def new_secret() -> str:
    """Returns a secret of 128 bits as hexadecimal digits."""
    return secrets.token_hex(_SECRET_BYTES)


class Authority:
    """Time is an argument: seconds of one monotonic clock. Clients are numbers that name one connection each."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._holder: int | None = None
        self._wrong, self._deaf_until_s, self._ready_until_s = 0, 0.0, 0.0

    @property
    def holder(self) -> int | None:
        """The client that may command; None: nobody."""
        return self._holder

    def claim(self, client: int, entered: str, now_s: float) -> tuple[bool, str]:
        """Returns (granted, why). Who knows the secret takes the right from whoever has it.

        After five wrong entries, of whichever client, nothing is looked at for 1 s, then 2 s, 4 s, at most 60 s.
        """
        if now_s < self._deaf_until_s:
            return False, self._said(now_s)
        if not hmac.compare_digest(entered.strip().encode(), self._secret):
            self._wrong += 1
            if self._wrong >= _FREE_TRIES:
                self._deaf_until_s = now_s + min(2.0 ** (self._wrong - _FREE_TRIES), _LONGEST_PAUSE_S)
            return False, "the token is not the one that was printed" + self._said(now_s, "; ")
        self._wrong, self._holder, self._ready_until_s = 0, client, 0.0
        return True, "this browser is in control until it is closed"

    def _said(self, now_s: float, before: str = "") -> str:
        wait_s = math.ceil(self._deaf_until_s - now_s)
        return f"{before}{self._wrong} wrong tokens; the next is looked at in {wait_s} s" if wait_s > 0 else ""

    def release(self, client: int) -> None:
        """Takes the right from a client, if it has it."""
        if self._holder == client:
            self._holder, self._ready_until_s = None, 0.0

    def prepared(self, client: int, now_s: float) -> None:
        """Opens the time in which the holder may arm."""
        if self._holder == client:
            self._ready_until_s = now_s + READY_S

    def close_arming(self) -> None:
        """Ends the time in which the holder may arm: it has armed, or somebody has stopped."""
        self._ready_until_s = 0.0

    def may_arm_s(self, client: int, now_s: float) -> float:
        """Returns for how many more seconds a client may arm; 0: it may not."""
        return max(self._ready_until_s - now_s, 0.0) if self._holder == client else 0.0
