"""dexterity doctor"""

import importlib.metadata
import importlib.util
import os
import platform
import resource as limits
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from dexterity_ros.cli.doctor_bus import AskedHand, look_at_bus
from dexterity_ros.cli.finding import Finding
from dexterity_ros.cli.options.doctor import DoctorOptions
from dexterity_ros.cli.output import console, write_json
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.resources import data_root

_INDENT = 7
_DISTRIBUTIONS = {"cv2": "opencv-python-headless"}  # where a module is not called as what brings it


def doctor(options: DoctorOptions) -> int:
    """Prints what was found and what mends it; status 1 when something needed is missing."""
    asked = AskedHand(hand=options.hand, robot=options.robot)
    findings = [look() for look in _LOOKS] + look_at_bus(asked, options.port)
    for finding in findings:
        _say(finding)
    write_json(options.json, {"findings": [asdict(finding) for finding in findings]})
    return int(any(not finding.ok and finding.needed for finding in findings))


def _say(finding: Finding) -> None:
    trouble = "[red]fix[/red] " if finding.needed else "[yellow]note[/yellow]"
    mark = "[green]ok[/green]  " if finding.ok else trouble
    console.print(f"{mark} {escape(finding.name)}: {escape(finding.found)}", highlight=False)
    if finding.ok:
        return
    console.print(Padding(Text(finding.fix), (0, 0, 0, _INDENT), expand=False))
    if finding.command:  # whole, on a line of its own, so that it can be copied
        console.print(" " * _INDENT + finding.command, highlight=False, markup=False, soft_wrap=True)


def _python() -> Finding:
    ok = sys.version_info >= (3, 11)
    return Finding(name="Python", ok=ok, found=platform.python_version(), fix="Python 3.11 or newer is needed")


def _pip(extra: str) -> str:
    return f"pip install -c config/constraints.txt '.[{extra}]'"


def _package(module: str, extra: str, what_for: str, *, needed: bool = False) -> Callable[[], Finding]:
    """Returns the look for one package. extra: of setup.py, which brings it."""

    def look() -> Finding:
        there = importlib.util.find_spec(module) is not None
        found = f"{_version(module) if there else 'not installed'}, for {what_for}"
        return Finding(name=module, ok=there, found=found, fix="install it:", command=_pip(extra), needed=needed)

    return look


def _version(module: str) -> str:
    """A package of the system's, such as OpenCV of a ROS machine, may not say its version."""
    try:
        return importlib.metadata.version(_DISTRIBUTIONS.get(module, module))
    except importlib.metadata.PackageNotFoundError:
        return "installed"


def _rclpy() -> Finding:
    fix = "source /opt/ros/DISTRO/setup.bash, or, on a machine without ROS:"
    spec = importlib.util.find_spec("rclpy")
    if spec is None or spec.origin is None:
        return Finding(name="rclpy", ok=False, found="not installed", fix=fix, command=_pip("ros"))
    return Finding(name="rclpy", ok=True, found=str(Path(spec.origin).parent))


def _realtime() -> Finding:
    soft, _ = limits.getrlimit(limits.RLIMIT_RTPRIO)
    ok = os.geteuid() == 0 or soft >= 50
    return Finding(
        name="real-time priority",
        ok=ok,
        found="allowed" if ok else f"rtprio limit is {soft}",
        fix="this, then log in again:",
        command='echo "$USER - rtprio 50" | sudo tee /etc/security/limits.d/dexterity.conf',
        needed=False,
    )


def _cores() -> Finding:
    count = os.cpu_count() or 1
    return Finding(name="processor", ok=count >= 2, found=f"{count} cores", fix="the demo needs 2", needed=False)


def _shared_memory() -> Finding:
    usage = os.statvfs("/dev/shm")
    free_mb = usage.f_bavail * usage.f_frsize / 2**20
    stale = len(list(Path("/dev/shm").glob("fastrtps_*")))
    found = f"{free_mb:.0f} MB free, {stale} Fast DDS segments"
    return Finding(
        name="/dev/shm",
        ok=free_mb > 256,
        found=found,
        fix="end all systems first, or they lose topics; then:",
        command="rm -f /dev/shm/fastrtps_* /dev/shm/sem.fastrtps_*",
    )


def _dds_profile() -> Finding:
    given = os.environ.get("FASTDDS_DEFAULT_PROFILES_FILE")
    return Finding(
        name="Fast DDS profile",
        ok=given is None or Path(given).is_file(),
        found=given or "config/dds/fastdds.xml (set by dexterity up and demo)",
        fix="unset FASTDDS_DEFAULT_PROFILES_FILE, or point it at a file that exists",
    )


def _bundles() -> Finding:
    try:
        root = data_root()
    except DexterityError as error:
        return Finding(name="data files", ok=False, found=str(error), fix="install the package again")
    names = sorted(p.parent.name for p in root.glob("models/policies/*/manifest.yaml"))
    return Finding(
        name="policy bundles", ok=bool(names), found=f"{names} in {root}", fix="dexterity train, dexterity export"
    )


def _camera() -> Finding:
    found = sorted(
        name.read_text().strip()
        for name in Path("/sys/bus/usb/devices").glob("*/product")
        if "realsense" in name.read_text(errors="replace").lower()
    )
    fix = "plug the camera into a USB 3 port; the demo and the pose topic of your own need none"
    return Finding(name="RealSense camera", ok=bool(found), found=", ".join(found) or "none", fix=fix, needed=False)


_LOOKS: tuple[Callable[[], Finding], ...] = (
    _python,
    _cores,
    _rclpy,
    _package("onnxruntime", "sim", "every policy", needed=True),
    _package("mujoco", "sim", "demo, evaluate, bringup", needed=True),
    _package("cv2", "perception", "depth images, pictures", needed=True),
    _package("scipy", "perception", "the object's pose, the judge", needed=True),
    _package("mcap", "bags", "recordings"),
    _package("pyarrow", "export", "LeRobot datasets, tables"),
    _package("viser", "viewer", "the live page"),
    _package("matplotlib", "report", "plots and printed sheets"),
    _package("torch", "train", "training"),
    _package("onnx", "import", "import policy"),
    _package("coacd", "objects", "import object: parts of a mesh"),
    _package("ray", "ray", "training on several machines"),
    _package("pyrealsense2", "hardware", "a RealSense camera"),
    _realtime,
    _shared_memory,
    _dds_profile,
    _bundles,
    _camera,
)
