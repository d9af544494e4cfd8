"""An imported hand is moved joint by joint through its emulated motors' bus, in virtual time."""

import numpy as np

from dexterity_ros.action.exercise import Exercise
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.contracts.samples import JointSample, JointTarget
from dexterity_ros.drivers.dynamixel.hand import DynamixelHand
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.emulated.bus import EmulatedBus, WireModel
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort
from dexterity_ros.safety.gate import Gate, Permit
from dexterity_ros.safety.limits import Tightening, gate_limits
from dexterity_ros.sim.realtime import RealtimeHand
from dexterity_ros.sim.scene import PhysicsConfig

PERIOD_S, STEP_S = 0.01, 0.005


def test_every_joint_of_an_imported_hand_follows_what_it_is_told_through_the_bus(imported):
    hand = load_robot_hand(str(imported))
    physics = PhysicsConfig(timestep_s=STEP_S, substeps=round(PERIOD_S / STEP_S))
    sim = RealtimeHand(hand, "cube70", physics, pool=4, seed=0)
    bus = EmulatedBus(hand, sim, WireModel(baud=hand.drive.baud_rate))
    port = VirtualPort(bus)
    driver = DynamixelHand(hand, lambda: NativeBus(port, timeout_s=0.01), current_limit_a=hand.max_current_a)
    assert driver.connect() == []
    assert driver.set_torque(True) is None
    first = driver.read(port.now_ns())
    assert isinstance(first, JointSample), first
    began = port.now_ns()
    exercise = Exercise(hand, first.pos_rad, began)
    gate = Gate(gate_limits(hand, None, Tightening()), first.pos_rad, began)
    wanted, measured = [], []
    cycle = 0
    while exercise.rounds(port.now_ns()) < 1:
        cycle += 1
        sim.advance(physics.substeps)
        port.sleep(max(began + cycle * PERIOD_S * 1e9 - port.now_ns(), 0.0) * 1e-9)
        now = port.now_ns()
        sample = driver.read(now)
        assert isinstance(sample, JointSample), sample
        target = JointTarget(stamp_ns=now, pos_rad=exercise.step(now))
        driver.write(gate.step(target, Permit(armed=True, heartbeat_ns=now), now).output)
        wanted.append(target.pos_rad)
        measured.append(sample.pos_rad)
    moved = np.ptp(measured, axis=0)
    error = np.sqrt(((np.array(wanted) - np.array(measured)) ** 2).mean(axis=0))
    assert (moved > 0.2).all(), moved
    assert (error < 0.06).all(), error
