"""What is said of every motor once a second: its number, current, temperature and supply."""

import math
from typing import Any

from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.samples import MotorHealth


def motor_figures(hand: HandFile, health: MotorHealth) -> dict[str, dict[str, Any]]:
    """Returns {joint: {motor, current_a, temperature_c, supply_v}}; None where nothing was read yet."""
    return {
        joint.name: {
            "motor": hand.motor_ids[i],
            "current_a": round(float(health.current_a[i]), 3),
            "temperature_c": _known(health.temperature_c[i]),
            "supply_v": _known(health.supply_v[i]),
        }
        for i, joint in enumerate(hand.joints)
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 1)
