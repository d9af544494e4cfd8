"""What a command says to install when its imports fail is what its imports need."""

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest

import dexterity_ros
from dexterity_ros.cli.commands import commands

ROOT = Path(dexterity_ros.__file__).parents[1]
MODULES = {  # where a module is not called as its distribution is
    "cv2": "opencv-python-headless", "PIL": "pillow", "serial": "pyserial", "dynamixel_sdk": "dynamixel-sdk",
    "array_api_compat": "array-api-compat", "yaml": "PyYAML", "stable_baselines3": "stable-baselines3",
    "rclpy": "ros-rclpy", "rcl_interfaces": "ros-rclpy",
}  # fmt: skip
NAMES = dict(commands())


@cache
def imported(file):
    """Returns what a file imports when it is imported; what a function imports later is not among it."""
    found, waiting = set(), list(ast.parse(file.read_text()).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Try | ast.With | ast.If):
            waiting += node.body
    return frozenset(found)


def file_of(module):
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def packages(module):
    """Returns the packages of others that importing a module of ours imports."""
    waiting, seen, found = [module], set(), set()
    while waiting:
        name = waiting.pop()
        if not name.startswith("dexterity_ros"):
            found.add(name.partition(".")[0])
        elif name not in seen:
            seen.add(name)
            waiting.append(name.rpartition(".")[0] or name)
            waiting += imported(file) if (file := file_of(name)) else ()
    return found - set(sys.stdlib_module_names)


def distribution(module):
    known = f"ros-{module.replace('_', '-')}" if re.search("_(msgs|srvs)$", module) else module
    return MODULES.get(module, known)


@pytest.fixture(scope="module")
def extras():
    """Returns {extra: names of distributions} of setup.py, what is always installed as ''."""
    tree = ast.parse((ROOT / "setup.py").read_text())
    tables = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}
    listed = {"": ast.literal_eval(tables["RUNTIME"]), **ast.literal_eval(tables["EXTRAS"])}
    return {extra: {re.match(r"[\w-]+", line)[0] for line in lines} for extra, lines in listed.items()}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_command_asks_for_brings_all_that_it_imports(name, extras):
    command = NAMES[name]
    bracket = re.match(r"'\.\[(.+)\]'", command.needs)
    asked = bracket[1].split(",") if bracket else []
    there = set(command.needs.split()).union(extras[""], *(extras[extra] for extra in asked))
    needed = packages("dexterity_ros.cli." + command.work.partition(":")[0])
    assert {distribution(module) for module in needed} <= there


def test_imports_of_others_are_seen_through_ours():
    assert {"mujoco", "scipy", "numpy"} <= packages("dexterity_ros.cli.evaluate")
