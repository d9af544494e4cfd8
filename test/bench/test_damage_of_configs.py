"""No damage to a configuration ends in a traceback, a hang, or numbers that a checksum should have caught."""

import numpy as np
import pytest

pytest.importorskip("torch")

from dexterity_ros.bench.damage.byte_damage import BYTE_CHANGES
from dexterity_ros.bench.damage.configs import SUBJECTS, Reading, judge, one
from dexterity_ros.bench.damage.text_damage import TEXT
from dexterity_ros.bench.damage.trial import BAD
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import shipped

WHOLE = Reading(sealed=1, open=2)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", SUBJECTS)
def test_damage_is_named_or_harmless(name, seed, tmp_path):
    assert [row for row in one(name, SUBJECTS[name], tmp_path, seed) if row.outcome in BAD] == []


@pytest.mark.parametrize("kind", [*BYTE_CHANGES, *TEXT])
def test_every_kind_damages_a_hand_and_is_drawn_alike_from_a_seed(kind):
    content, damage = shipped("config/hands/leap.yaml").read_bytes(), (BYTE_CHANGES | TEXT)[kind]
    changed = [damage(content, np.random.default_rng(seed)) for seed in (0, 0, 1, 2, 3)]
    assert changed[0] == changed[1] and any(other != content for other in changed)


def raise_(error):
    raise error


def for_ever():
    while True:
        pass


@pytest.mark.parametrize(
    ("read", "outcome"),
    [
        (lambda: WHOLE, "right"),
        (lambda: Reading(sealed=1, open=3), "legal_change"),
        (lambda: Reading(sealed=0, open=2), "silently_wrong"),
        (lambda: raise_(ConfigError("one line")), "refused"),
        (lambda: raise_(ConfigError("two\nlines")), "traceback"),
        (lambda: raise_(KeyError("x")), "traceback"),
        (for_ever, "hang"),
    ],
)
def test_outcomes_are_told_apart(read, outcome, tmp_path):
    assert judge(lambda _folder: read(), tmp_path, WHOLE, limit_s=0.2)[0] == outcome
