"""The table of steps, in the order of a walk.

A step is a function `step(walk: Walk) -> Measured` in a file of its own here, and a row below:

- `walk.individual` is the hand with everything that was measured before; `walk.robot` the same as a RobotSpec.
- What moves, moves in `with walk.moving(hand) as manual:` (a `ManualHand`): behind the gate, below the walk's own
  current ceiling and speed, and with torque off at the end, also after Ctrl-C or when the cable comes out. What does
  not move opens `walk.open_bus()` and closes it.
- What only a person sees is asked: `walk.person.watch()` before the motion, `walk.person.ask(Question(...))` when
  torque is off, because a terminal blocks. A new kind of question needs a line in `ScriptedPerson` (bringup/person.py).
- Time is `walk.clock`, virtual in benches; `walk.today()` is the text for `measured`.
- It returns `Measured(robot=dataclasses.replace(walk.robot, GROUP=...), said=...)`, which is written at once; a step
  writes nothing but pictures, into `walk.file.pictures`. Tables, pictures and warnings reach the page as they are.
- It raises a DexterityError that names what was seen and what is to be done, and then has changed nothing.

In virtual time the emulated individual is another process (runtime/robot_process.py): a step that needs more of it than
motors, such as an image, adds a row to `ANSWERS` there.
"""

from dexterity_ros.bringup.steps.camera import camera
from dexterity_ros.bringup.steps.check import check
from dexterity_ros.bringup.steps.identify import identify
from dexterity_ros.bringup.steps.latency import latency
from dexterity_ros.bringup.steps.motors import motors
from dexterity_ros.bringup.steps.signs import signs
from dexterity_ros.bringup.steps.zeros import zeros
from dexterity_ros.bringup.walk import StepRow

STEPS: dict[str, StepRow] = {
    "motors": StepRow(about="who answers, with which settings, at which voltage; nothing moves", work=motors),
    "signs": StepRow(about="which motor moves which joint, and which way", work=signs, needs=("motors",)),
    "zeros": StepRow(about="slowly against the stops of every joint", work=zeros, needs=("signs",)),
    "camera": StepRow(
        about="where the camera stands, from images of the hand itself; joint zeros refined",
        work=camera,
        with_camera=True,
    ),
    "identify": StepRow(
        about="stiffness, damping, friction, inertia and torque of each joint; sets its gains",
        work=identify,
        confirmed=("gains",),
        needs=("signs", "zeros"),
    ),
    "latency": StepRow(about="how late commands become motion", work=latency, needs=("identify",)),
    "check": StepRow(about="all joints home, and what was not measured", work=check, needs=("signs", "zeros")),
}
