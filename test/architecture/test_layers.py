"""The tree is what the dependency rule says it is."""

import ast
import tomllib
from pathlib import Path

import dexterity_ros

PACKAGE = Path(dexterity_ros.__file__).parent
PYPROJECT = PACKAGE.parent / "pyproject.toml"
FILE_LINES, FUNCTION_LINES, NODE_LINES = 300, 50, 150


def test_every_directory_is_a_layer_and_every_layer_a_directory():
    contracts = tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"]
    layers = next(c for c in contracts if c["id"] == "layers")["layers"]
    named = {name.strip() for layer in layers for name in layer.split("|")}
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert named == folders


def test_every_directory_with_code_is_a_package():
    folders = {p.parent for p in PACKAGE.rglob("*.py")}
    assert [str(f) for f in folders if not (f / "__init__.py").exists()] == []


def test_only_the_gate_makes_gated_targets():
    makers = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "GatedTarget":
                makers.add(path.relative_to(PACKAGE).as_posix())
    assert makers == {"safety/gate.py"}


def test_nodes_stay_thin():
    long = {p.name: n for p in (PACKAGE / "nodes").glob("*_node.py") if (n := p.read_text().count("\n")) > NODE_LINES}
    assert long == {}


def test_files_stay_readable_in_one_sitting():
    paths = PACKAGE.rglob("*.py")
    long = {str(p.relative_to(PACKAGE)): n for p in paths if (n := p.read_text().count("\n")) > FILE_LINES}
    assert long == {}


def test_functions_stay_readable_at_one_glance():
    long = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long[f"{path.relative_to(PACKAGE)}: {node.name}"] = lines
    assert long == {}


def test_no_table_has_a_row_twice():
    """Of two rows with the same key, only the last counts."""
    doubled = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Dict):
                keys = [ast.unparse(key) for key in node.keys if key is not None]
                doubled += [
                    f"{path.relative_to(PACKAGE)}: {key}" for key in sorted({k for k in keys if keys.count(k) > 1})
                ]
    assert doubled == []


def test_no_folder_is_called_utils():
    assert [p for p in PACKAGE.rglob("*") if p.stem in ("utils", "helpers", "common", "misc")] == []


def test_only_drivers_know_which_class_a_hand_is():
    others = [path for path in PACKAGE.rglob("*.py") if PACKAGE / "drivers" not in path.parents]
    named = {path.name for path in others for line in path.read_text().splitlines() if "DynamixelHand" in line}
    assert named == set()
