"""The table of commands: what each is for, and where its options and its work are. Nothing is imported until asked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import shown

_FROM_OUTSIDE = "policies, hands, objects made elsewhere; tags, on paper"
_CONTENTS = "a bundle: does it fit? a file with its `base:` merged in"
_KEEP = "keep what the system that runs does, or sees as a goal"
_LET_GO = "let go gently; torque off at once"
# What pip installs for a command: extras of setup.py, which test/cli/test_needs.py holds against its imports.
_ITSELF = "."
_ROS = "'.[ros]'"
_ROS_BAGS = "'.[ros,bags]'"
_NODES = "'.[ros,sim,perception]'"
_TRIALS = "'.[ros,sim,perception,bags]'"
_VIEWER = "'.[ros,viewer]'"
_BAGS = "'.[bags]'"
_TABLES = "'.[bags,export]'"
_DATASETS = "'.[bags,export,perception]'"
_REPLAY = "'.[bags,perception]'"
_REPORT = "'.[bags,perception,sim,report]'"
_SIM = "'.[sim,perception]'"
_SIM_BAGS = "'.[sim,perception,bags]'"
_TRAIN = "'.[train,perception,bags]'"
_OTHER_PPO = "'.[train,perception]' stable-baselines3 gymnasium"
_IMPORT_POLICY = "'.[import]'"
_IMPORTING = "'.[objects,sim]'"
_PRINTING = "'.[report,perception]'"
_DRAWING = "'.[perception]'"
_VENDOR = "'.[hardware]'"


@dataclass(frozen=True)
class Command:
    """One command.

    about: its line in a menu. options, work: "module:name" in cli/options and in cli; the work takes the options and
    returns the status. needs: what `pip install` is told when the work's imports fail.
    """

    about: str
    options: str
    work: str
    needs: str = _ITSELF


@dataclass(frozen=True)
class Group:
    """The commands that share a first word. about: its line in the menu."""

    about: str
    commands: dict[str, Command]


_BAG = {
    "info": Command("topics, counts, size, and what ran", "bag:BagInfoOptions", "bag:info", _BAGS),
    "recover": Command("save what is whole of a damaged one", "bag:BagRecoverOptions", "bag:recover", _BAGS),
    "export": Command("one table per topic, and images", "bag:BagExportOptions", "bag_export:export", _TABLES),
    "to-lerobot": Command(
        "a bag as a LeRobotDataset v3", "bag:BagToLerobotOptions", "bag_lerobot:to_dataset", _DATASETS
    ),
    "from-lerobot": Command(
        "a bag from a LeRobotDataset", "bag:BagFromLerobotOptions", "bag_lerobot:from_dataset", _DATASETS
    ),
    "join-lerobot": Command(
        "several LeRobot datasets into one", "bag:BagJoinLerobotOptions", "bag_lerobot:join_datasets", _DATASETS
    ),
}
_TRAINING = {
    "teacher": Command("by reinforcement; it sees all", "train:TeacherOptions", "train_teacher:teacher", _TRAIN),
    "student": Command("by imitation; it sees sensors", "train:StudentOptions", "train_student:student", _TRAIN),
    "data": Command("from recordings of a hand", "train:DataOptions", "train_data:data", _TRAIN),
    "points": Command("of many objects, by points", "train:PointsOptions", "train_points:points", _TRAIN),
    "ablation": Command("what randomisation is worth", "train:AblationOptions", "train_studies:ablation", _TRAIN),
    "methods": Command("ways of imitation, and memories", "train:MethodsOptions", "train_studies:methods", _TRAIN),
    "dark-room": Command("where imitation must fail", "train:DarkRoomOptions", "train_blind_spots:dark_room", _TRAIN),
    "slippery": Command(
        "where imitation must fail, in the hand", "train:SlipperyOptions", "train_blind_spots:slippery", _TRAIN
    ),
    "two-ways": Command(
        "learners of an obstacle's two sides", "train:TwoWaysOptions", "train_two_ways:two_ways", _TRAIN
    ),
}
_BENCH = {
    "sim": Command("the environment beside bare physics", "bench:BenchSimOptions", "bench_sim:sim", _SIM),
    "policy": Command("one tick of the policy", "bench:BenchPolicyOptions", "bench_policy:policy"),
    "perception": Command("depth to pose, by stage", "bench:BenchPerceptionOptions", "bench_eyes:perception", _SIM),
    "eyes": Command("the estimated pose against the truth", "bench:BenchEyesOptions", "bench_eyes:eyes", _SIM),
    "objects": Command("twelve shapes by camera and tracker", "bench:BenchObjectsOptions", "bench_eyes:objects", _SIM),
    "bus": Command("reading and writing all motors", "bench:BenchBusOptions", "bench_bus:bus", _VENDOR),
    "faults": Command("every fault of bus and motors", "bench:BenchFaultsOptions", "bench_faults:faults"),
    "chunks": Command("slow, dead, broken inference", "bench:BenchChunksOptions", "bench_chunks:chunks"),
    "stops": Command("every stop, at every bus fault", "bench:BenchStopsOptions", "bench_stops:stops", _NODES),
    "kills": Command("kill -9 of each node", "bench:BenchKillsOptions", "bench_nodes:kills", _NODES),
    "paths": Command("motions by bus and directly", "bench:BenchPathsOptions", "bench_nodes:paths", _NODES),
    "conventions": Command(
        "wrong conventions, by the probe",
        "bench_conventions:BenchConventionsOptions",
        "bench_conventions:conventions",
        _SIM,
    ),
    "reports": Command(
        "planted causes, by the report", "bench_reports:BenchReportsOptions", "bench_reports:reports", _SIM_BAGS
    ),
    "damage": Command("damaged files, by all commands", "bench:BenchDamageOptions", "bench_damage:damage", _SIM_BAGS),
    "learning": Command("our PPO beside another", "bench:BenchLearningOptions", "bench_learning:learning", _OTHER_PPO),
    "bringup": Command(
        "walks on hidden individuals", "bench_bringup:BenchBringupOptions", "bench_bringup:bringup", _SIM_BAGS
    ),
    "accept": Command(
        "wrong files, by the acceptance", "bench_bringup:BenchAcceptOptions", "bench_accept:accept", _SIM_BAGS
    ),
    "imitation": Command("Pendulum-v1", "bench:BenchImitationOptions", "bench_imitation:imitation", _TRAIN),
}
_IMPORT = {
    "policy": Command(
        "a bundle of a foreign policy",
        "import_policy:ImportPolicyOptions",
        "import_policy:import_policy",
        _IMPORT_POLICY,
    ),
    "hand": Command(
        "somebody's MJCF or URDF as a hand", "import_hand:ImportHandOptions", "import_hand:run", _IMPORTING
    ),
    "object": Command(
        "a mesh or primitives as an object", "objects:ImportObjectOptions", "import_object:run", _IMPORTING
    ),
}
_PRINT = {
    "tags": Command("the AprilTags of an object, 1:1", "objects:PrintTagsOptions", "print_sheets:tags", _PRINTING),
    "board": Command("for `bringup camera --board`, 1:1", "board:PrintBoardOptions", "board:print_board", _PRINTING),
}
_GOAL = {
    "capture": Command("keep what the camera sees as a goal", "goal:GoalCaptureOptions", "goal_capture:capture", _ROS),
}
_HAND = {
    "read": Command("what every motor measures; nothing moves", "hand:HandReadOptions", "hand:read"),
    "hold": Command("torque on where it stands", "hand:HandHoldOptions", "hand:hold"),
    "home": Command("ease to the home pose", "hand:HandHomeOptions", "hand:home"),
    "jog": Command("ease one joint a little", "hand:HandJogOptions", "hand:jog"),
    "teach": Command("show a motion with the fingers", "demonstrate:TeachOptions", "demonstrate:teach", _BAGS),
    "play": Command("play it, or a primitive of it", "demonstrate:PlayOptions", "demonstrate:play_motion", _BAGS),
    "setup": Command("ids, baud rate, limits of the motors", "hand:HandSetupOptions", "hand_setup:set_up"),
    "accept": Command("ten minutes, a report to sign", "hand:HandAcceptOptions", "hand_accept:accept", _SIM),
    "mounting": Command(
        "a drawing of where hand and camera stand", "mounting:MountingOptions", "mounting:mounting", _DRAWING
    ),
    "emulate": Command("an emulated hand on a port", "hand:HandEmulateOptions", "hand_emulate:emulate", _SIM),
}
MENU: dict[str, dict[str, Command | Group]] = {
    "see": {
        "demo": Command("the whole loop on a simulated hand, live", "demo:DemoOptions", "demo:demo", _NODES),
        "view": Command("a live page of the system that runs", "view:ViewOptions", "view:view", _VIEWER),
    },
    "run": {
        "up": Command("start a system: sim, eyes, real, replay, exercise", "up:UpOptions", "up:up", _ROS_BAGS),
        "arm": Command("preflight, then torque", "operate:ArmOptions", "operate:arm", _ROS),
        "lead": Command("the hand from this keyboard", "lead:LeadOptions", "lead:lead", _ROS),
        "disarm": Command(_LET_GO, "operate:DisarmOptions", "operate:disarm", _ROS),
        "estop": Command(_LET_GO, "operate:EstopOptions", "operate:estop", _ROS),
    },
    "record": {
        "record": Command(_KEEP, "record:RecordOptions", "record:record", _ROS_BAGS),
        "goal": Group(_KEEP, _GOAL),
        "bag": Group("look into a recording, save it, take it elsewhere", _BAG),
        "replay": Command(
            "repeat a recording; what comes out differently?", "replay:ReplayOptions", "replay:replay", _REPLAY
        ),
        "compare": Command("the first thing that went wrong", "replay:CompareOptions", "compare:compare", _SIM_BAGS),
        "report": Command("a page about a recording or training", "report:ReportOptions", "report:report", _REPORT),
    },
    "train": {
        "train": Group("a teacher, a student, or comparisons of ways to train", _TRAINING),
        "export": Command("a policy bundle from a training run", "export:ExportOptions", "export:export", _TRAIN),
        "check": Command(_CONTENTS, "check:CheckOptions", "check:check"),
        "config": Command(_CONTENTS, "config:ConfigOptions", "config:show"),
    },
    "judge": {
        "evaluate": Command("a policy in simulation", "evaluate:EvaluateOptions", "evaluate:evaluate", _SIM),
        "trials": Command("policies on the robot, in a sheet", "trials:TrialsOptions", "trials:trials", _TRIALS),
        "bench": Group("what this machine does, beside the bare alternative", _BENCH),
    },
    "bring up": {
        "doctor": Command("what this machine lacks, and what mends it", "doctor:DoctorOptions", "doctor:doctor"),
        "bringup": Command(
            "from an assembled hand to robot.yaml", "bringup:BringupOptions", "bringup:bringup", _SIM_BAGS
        ),
        "hand": Group("a hand without ROS: read, jog, teach, set up, accept", _HAND),
        "import": Group(_FROM_OUTSIDE, _IMPORT),
        "print": Group(_FROM_OUTSIDE, _PRINT),
        "completion": Command("for your shell", "completion:CompletionOptions", "completion:completion"),
    },
}
FIRST_WORDS: dict[str, Command | Group] = {name: entry for part in MENU.values() for name, entry in part.items()}


def commands() -> Iterator[tuple[str, Command]]:
    """Yields every command with its whole name, such as "bench sim"."""
    for name, entry in FIRST_WORDS.items():
        if isinstance(entry, Command):
            yield name, entry
        else:
            yield from ((f"{name} {second}", command) for second, command in entry.commands.items())


def options_class(command: Command) -> type[Any]:
    """Returns the dataclass of a command's options."""
    found: type[Any] = _load("dexterity_ros.cli.options.", command.options)
    return found


def work(command: Command) -> Any:
    """Returns the function that does a command's work. Raises ConfigError when it needs what is not installed."""
    try:
        return _load("dexterity_ros.cli.", command.work)
    except ImportError as error:
        if (error.name or "").startswith("dexterity_ros"):
            raise
        raise ConfigError(f"a package is missing ({error}): pip install {command.needs}") from error


def _load(package: str, target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(import_module(package + module), name)


def not_there(what: str, asked: str, known: Iterable[str]) -> ConfigError:
    """Returns the error about a name that does not exist, with the nearest ones. what: as in "train has no command"."""
    listed = list(known)
    near = get_close_matches(asked, listed, n=3, cutoff=0.6)
    nearest = f"; nearest: {', '.join(near)}" if near else ""
    return ConfigError(f"{what} {shown(asked)}{nearest}; it has {', '.join(listed) or 'no options'}")
