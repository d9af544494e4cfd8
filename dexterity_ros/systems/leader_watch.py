"""Watches a leader and the hand that follows it, while that is what the policy says it does."""

from typing import Any

from dexterity_ros import ros, wire
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.evaluation.leading import Leading
from dexterity_ros.runtime.tick import LED
from dexterity_ros.systems.operator import Operator


class LeaderWatch:
    """Listens beside an operator. leading: what was seen."""

    def __init__(self, operator: Operator, hand: HandSpec) -> None:
        self.leading, self._operator = Leading(hand.joint_names), operator
        self._leader, self._follower = wire.JointReader(hand.joint_names), wire.JointReader(hand.joint_names)
        ros.observe(operator.node, "leader", self._on_leader)
        ros.observe(operator.node, "joint_states", self._on_joints)

    def _on_leader(self, message: Any) -> None:
        if self._leads():
            target = self._leader.target(message)
            self.leading.lead(int(target.stamp_ns), target.pos_rad)

    def _on_joints(self, message: Any) -> None:
        if self._leads():
            sample = self._follower.sample(message)
            self.leading.follow(int(sample.stamp_ns), sample.pos_rad)

    def _leads(self) -> bool:
        leads = self._operator.hand_state == "following" and self._operator.policy_state == LED
        if not leads:
            self.leading.pause()
        return leads
