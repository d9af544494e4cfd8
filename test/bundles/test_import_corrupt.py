"""A hundred damaged contracts and files of other programs: each is refused in one line, or does no harm."""

import json
from pathlib import Path

import numpy as np
import pytest

from dexterity_ros.bundles.importers.bundle import write_bundle
from dexterity_ros.bundles.importers.contract import contract_of, missing
from dexterity_ros.bundles.importers.read import read_policy
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.hand import HandSpec


def _damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Returns bytes with a few of them changed, or a part cut out."""
    changed = bytearray(content)
    if rng.random() < 0.3:
        start = int(rng.integers(len(changed)))
        del changed[start : start + int(rng.integers(1, 400))]
        return bytes(changed)
    for _ in range(int(rng.integers(1, 6))):
        changed[int(rng.integers(len(changed)))] = int(rng.integers(256))
    return bytes(changed)


def _spoilt(given: dict, rng: np.random.Generator) -> dict:
    """Returns a contract in which one answer is gone, of another kind, or absurd."""
    copy = json.loads(json.dumps(given))
    absurd = [None, -1, 1e30, "x", [], {}, True, [1, 2, 3], "\x07", [[0, 1]] * 3, {"mode": 3}]
    place, key = copy, str(rng.choice(sorted(copy)))
    while isinstance(place[key], dict) and place[key] and rng.random() < 0.7:
        place, key = place[key], str(rng.choice(sorted(place[key])))
    place[key] = absurd[int(rng.integers(len(absurd)))]
    if rng.random() < 0.2:
        copy["no_such_field"] = 1
    return copy


def _try(file: Path, given: dict, hand: HandSpec, out: Path) -> None:
    """Imports; whatever is wrong must come as an error of our own, in one line."""
    try:
        foreign = read_policy(file, given)
        contract = contract_of(foreign, given, "contract")
        if missing(foreign, contract):
            return
        write_bundle(foreign, contract, hand, file, out)
    except DexterityError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("number", range(100))
def test_a_corrupt_contract_or_file_is_refused_by_name_or_harmless(others, number, tmp_path):
    rng = np.random.default_rng(number)
    kinds = [
        lambda: others.saved(others.network(), tmp_path / "p.onnx", **others.mjlab),
        lambda: others.saved(others.exploy_model(), tmp_path / "p.onnx", **others.exploy),
        lambda: others.leapp_graph(tmp_path, library=number % 2 == 0),
        lambda: others.saved(others.network(), tmp_path / "p.onnx"),
    ]
    file = kinds[number % 4]()
    given = _spoilt(others.contract, rng) if number % 8 < 4 else others.contract
    if given is others.contract:
        file.write_bytes(_damaged(file.read_bytes(), rng))
    _try(file, given, others.hand, tmp_path / "mine")
