"""An empty loop in a process of its own: what its lateness shows is the machine's doing, not a node's."""

import json
import subprocess
import sys

_END_S = 5.0


class Probe:
    """Runs beside the nodes at their rate."""

    def __init__(self, rate_hz: float) -> None:
        command = [sys.executable, "-m", "dexterity_ros.runtime.deadline_loop", str(rate_hz)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)

    def stop(self) -> dict[str, float]:
        """Ends the loop. Returns its lateness {p50, p99, max} in ms; empty when it did not run, or does not end."""
        self._process.terminate()
        try:
            output, _ = self._process.communicate(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            output, _ = self._process.communicate()
        figures = json.loads(output or "{}")
        return {key: figures[key] for key in ("p50", "p99", "max") if key in figures}
