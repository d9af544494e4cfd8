"""In-hand reorientation: turn the object to a goal, then to the next."""

from dexterity_ros.tasks.reorient.episode import judge
from dexterity_ros.tasks.reorient.goal import sample_goals
from dexterity_ros.tasks.reorient.privileged import CRITIC, TERMS
from dexterity_ros.tasks.reorient.reward import reward_terms
from dexterity_ros.tasks.task import Task

REORIENT = Task(draw=sample_goals, judge=judge, reward=reward_terms, privileged=TERMS, critic=CRITIC)
