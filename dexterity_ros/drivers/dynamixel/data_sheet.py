"""What stiffness a position gain makes by the data sheet: no better than a factor of two until it is measured."""

from dexterity_ros.drivers.dynamixel.control_table import FULL_PWM, POSITION_UNIT_RAD, MotorModel

# Gain of the table over gain of the controller. Sources: e-Manual, Position PID Gain(80, 82, 84), says 128; Rhoban/bam,
# dynamixel/actuator.py, measured 256 on an XL330.
_P_DIVISORS = (256.0, 128.0)


def data_sheet_stiffness(p: int, model: MotorModel) -> tuple[float, float]:
    """Returns between which values the stiffness of a joint lies in N.m/rad, for a P gain in register units.

    PWM grows by the gain with each tick of error, and at full PWM the motor gives its stall torque.
    """
    nm_per_rad = model.stall_torque_nm / FULL_PWM / POSITION_UNIT_RAD
    low, high = (p / divisor * nm_per_rad for divisor in _P_DIVISORS)
    return low, high
