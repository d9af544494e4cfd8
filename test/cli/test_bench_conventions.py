"""What is planted can be mended by something the probe tries, and a bench that was interrupted goes on."""

import json

import pytest

pytest.importorskip("mujoco")
pytest.importorskip("onnxruntime")

from dexterity_ros.bench.conventions import planted
from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.evaluation.conventions import FAMILIES

ROW = {
    "policy": "leap_so3", "family": "sign", "planted": "all joints counted the other way round", "verdict": "other",
    "convention": "all joints counted the other way round", "named": True, "score": -0.3, "other": "",
    "other_score": 0.9,
}  # fmt: skip
CLEAN = ROW | {"family": "", "planted": "nothing", "verdict": "as_said", "convention": "", "named": False, "score": 0.9}


def saved(path, rows):
    path.write_text(json.dumps({"rows": rows}))
    return str(path)


def bench(file, plants=2, clean=1):
    return dispatch(
        ["bench", "conventions", "--plants", str(plants), "--clean", str(clean), "--json", file, "--resume"]
    )


def test_what_is_done_is_not_done_again(tmp_path, capsys):
    rows = [ROW | {"number": 0}, ROW | {"number": 1}, CLEAN | {"number": 0}]
    file = saved(tmp_path / "rows.json", rows)
    assert bench(file) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "planted │ 2 │" in printed and "named │ 2 │" in printed and "accused │ 0 │" in printed
    assert json.loads((tmp_path / "rows.json").read_text())["rows"] == rows


@pytest.mark.parametrize(
    "worse", [{"number": 1, "named": False, "verdict": "cannot_tell"}, {"number": 0, "family": "", "verdict": "other"}]
)
def test_too_few_named_or_too_many_accused_is_status_1(worse, tmp_path):
    rows = [ROW | {"number": 0}, ROW | {"number": 1}, CLEAN | {"number": 0}]
    rows = [row for row in rows if (row["number"], row["family"]) != (worse["number"], worse.get("family", "sign"))]
    assert bench(saved(tmp_path / "rows.json", [*rows, ROW | worse])) == 1


def test_a_file_that_it_did_not_write_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no file of rows that bench conventions wrote"):
        bench(saved(tmp_path / "rows.json", [{"number": 0}]))


def test_the_same_number_and_seed_plant_the_same_of_every_family_in_turn():
    hand = load_hand("leap")
    found = [planted(number, hand, seed=5) for number in range(0, 25, 5)]
    assert [one.family for one in found] == list(FAMILIES)
    again = planted(5, hand, seed=5)
    assert (again.planted, again.manifest) == (found[1].planted, found[1].manifest)
