"""What a run knows of its policy beside the weights: enough for an export without configuration or simulator."""

import hashlib
from typing import Any

import yaml

import dexterity_ros
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.outputs import REACHED
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.scene import joint_gains
from dexterity_ros.training.networks import Actor, ActorConfig
from dexterity_ros.training.setup import Setup


def interface_of(config: Setup, env: ReorientEnv, actor: Actor, *, privileged_actor: bool = False) -> dict[str, Any]:
    """Returns {manifest: what a manifest says, but for the files; actor: what its network is made of}, plain values.

    privileged_actor: it sees the privileged state in place of the observation.
    """
    outputs = (REACHED.name,) if actor.joints > len(env.hand.joints) else ()
    network = {"width": len(actor.norm.mean), "outputs": actor.joints, "config": actor.config, "told": privileged_actor}
    manifest = manifest_of(config, env, state_width=actor.state_width, outputs=outputs)
    return {"manifest": manifest, "actor": configs.to_mapping(network)}


def manifest_of(config: Setup, env: ReorientEnv, *, state_width: int, outputs: tuple[str, ...]) -> dict[str, Any]:
    """Returns what a manifest says, but for the files and what was learned. outputs: beside the action."""
    hand = config.hand_spec()
    stiffness, damping = joint_gains(env.scene)
    ranges, robot = env.config.randomisation, config.robot_spec()
    known = {
        "format": 2,
        "kind": "recurrent" if state_width > 0 else "step",
        "state_width": state_width,
        "outputs": outputs,
        "task": config.task,
        "object": config.env.object,
        "hand": hand.name,
        "hand_digest": hand.digest,
        "joint_names": hand.joint_names,
        "control_rate_hz": round(1.0 / config.env.physics.control_period_s, 6),
        "observation": config.observation(),
        "action": config.policy.action,
        "latency_s": config.policy.latency_s,
        "stiffness_nm_rad": stiffness,
        "damping_nm_s_rad": damping,
        "stiffness_factor": None if ranges is None else ranges.stiffness,
        "damping_factor": None if ranges is None else ranges.damping,
        "robot": None if robot is None else {"name": robot.name, "digest": robot.digest},
        "start_pos_rad": hand.home_pos_rad,
        "provenance": {
            "code_version": dexterity_ros.__version__,
            "config_digest": hashlib.sha256(yaml.safe_dump(configs.to_mapping(config)).encode()).hexdigest(),
            "seed": config.seed,
        },
    }
    plain: dict[str, Any] = configs.to_mapping(known)
    return plain


def build_actor(described: dict[str, Any], where: str) -> Actor:
    """Returns an untrained actor as a checkpoint describes it. Raises ConfigError."""
    made_of = configs.from_mapping(ActorConfig, described["config"], where=where)
    return Actor(described["width"], described["outputs"], made_of)
