"""Simulated hand and object in real time: joints behind topics, the object's pose with noise, latency and dropout."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rclpy.node import Node
from std_srvs.srv import Trigger

from dexterity_ros import ros, wire
from dexterity_ros.contracts.ports import ActuatedJointsPort
from dexterity_ros.contracts.robot import NO_ROBOT
from dexterity_ros.contracts.robot_hand import RobotHand, load_robot_hand
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.drivers.emulated.bus import EmulatedBus, WireModel
from dexterity_ros.drivers.emulated.plants import GAIN, PlantedJoints, planted_pose, read_plant
from dexterity_ros.drivers.emulated.served_bus import ServedBus
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.sim.pose_feed import PoseErrors, PoseFeed
from dexterity_ros.sim.realtime import Pace, RealtimeHand
from dexterity_ros.sim.scene import PhysicsConfig
from dexterity_ros.sim.sources import SIMULATED


@dataclass(frozen=True, kw_only=True)
class SimParameters:
    """Parameters of sim_node. The pose is published at most pose_rate_hz, pose_latency_s after its stamp; 0 = never.

    plant: a mistake in the emulated hand or its sensors (drivers/emulated/plants.py), for trying out what finds it.
    robot: robot.yaml of the emulated individual. hardware: dynamixel = motors on a bus at `port`; direct = topics.
    """

    hand: str
    hardware: Literal["dynamixel", "direct"]
    port: str
    object: str
    seed: int
    timestep_s: float
    pose_rate_hz: float
    pose_latency_s: float
    pose_dropout: float
    pose_noise_m: float
    pose_noise_rad: float
    plant: str
    robot: str = NO_ROBOT


class SimNode(Node):
    """Steps physics on absolute deadlines and talks to hand_node in place of a motor bus."""

    def __init__(self) -> None:
        super().__init__("sim_node", automatically_declare_parameters_from_overrides=True)
        self.settings = ros.parameters(self, SimParameters)
        hand = load_robot_hand(self.settings.hand, self.settings.robot)
        period_s = 1.0 / TOPICS["driver_joint_states"].rate_hz
        self._steps = max(round(period_s / self.settings.timestep_s), 1)
        physics = PhysicsConfig(timestep_s=self.settings.timestep_s, substeps=self._steps)
        self.sim = RealtimeHand(hand, self.settings.object, physics, pool=64, seed=self.settings.seed, robot=hand.robot)
        self.plant = read_plant(self.settings.plant, hand)
        self.joints: ActuatedJointsPort = self.sim
        if self.plant is not None:
            self.joints = PlantedJoints(self.sim, hand, self.plant)
            if self.plant.kind == "gain":
                self.sim.weaken(self.plant.joints[0], GAIN)
            self.get_logger().warning(f"planted mistake: {self.settings.plant}")
        self._reader = wire.JointReader(hand.joint_names)
        self._feed = PoseFeed(self._pose_errors(), self.settings.seed)
        self._joints = ros.publisher(self, "driver_joint_states")
        self._truth, self._true_joints = ros.publisher(self, "sim_object_pose"), ros.publisher(self, "sim_joint_states")
        self._pose = ros.publisher(self, "object_pose")
        self._further = ros.SourcePublishers(self, SIMULATED, hand.joint_names)
        self._bus = self._serve_bus(hand) if self.settings.hardware == "dynamixel" else None
        if self._bus is None:
            ros.subscribe(self, "driver_joint_command", self._on_command)
        self.create_service(Trigger, "sim/reset", self._on_reset)
        self.loop = DeadlineLoop(round(period_s * 1e9), self._cycle, on_death=ros.end_process)
        self._reporter = Reporter(self, hand.name, "loop", self._report)
        self._pace = Pace(time.monotonic_ns())
        self.loop.start("physics")

    def _serve_bus(self, hand: RobotHand) -> ServedBus:
        self._emulated = EmulatedBus(hand, self.joints, WireModel(baud=hand.drive.baud_rate))
        return ServedBus(self._emulated, Path(self.settings.port))

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        values: dict[str, Any] = {"watchdog_trip_ms": None, "starved": None}
        if self._bus is not None:
            values = {"watchdog_trip_ms": self._emulated.watchdog_trip_ms, "starved": self._bus.run_time.figures()}
        pace = self._pace.figures(self.sim.simulated_s, time.monotonic_ns())
        return "ok", "running", loop_values(self.loop) | pace | values

    def close(self) -> None:
        """Pulls the cable, once hand_node has switched the torque off through it, and ends the physics."""
        ros.wait_for_hand(self)
        self.loop.stop()
        if self._bus is not None:
            self._bus.close()

    def _on_command(self, message: Any) -> None:
        if len(message.position) == 0:
            self.joints.set_torque(False)
            return
        self.joints.command(self._reader.target(message).pos_rad)
        self.joints.set_torque(True)

    def _on_reset(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.sim.reset()
        response.success, response.message = True, "object back in the hand, torque off"
        return response

    def _cycle(self) -> None:
        self.sim.advance(self._steps)
        now = ros.now_ns(self)
        if self._bus is None:
            state = ros.message_class("driver_joint_states")()
            self._joints.publish(wire.fill_joint_state(state, self.sim.joint_names(), now, *self.joints.measure()))
        truth = self.sim.object_pose(now)
        self._truth.publish(wire.fill_pose(ros.message_class("sim_object_pose")(), truth))
        message = ros.message_class("sim_joint_states")()
        self._true_joints.publish(wire.fill_joint_state(message, self.sim.joint_names(), now, *self.sim.measure()))
        self._further.publish(self.sim.further(now))
        for seen in self._feed.step(planted_pose(self.plant, truth), now):
            self._pose.publish(wire.fill_pose(ros.message_class("object_pose")(), seen))

    def _pose_errors(self) -> PoseErrors:
        given = self.settings
        return PoseErrors(
            rate_hz=given.pose_rate_hz,
            latency_s=given.pose_latency_s,
            dropout=given.pose_dropout,
            noise_m=given.pose_noise_m,
            noise_rad=given.pose_noise_rad,
        )


def main() -> None:
    """Entry point."""
    ros.run(SimNode, lambda node: node.close())


if __name__ == "__main__":
    main()
