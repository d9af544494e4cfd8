"""A configuration file says what is wrong with it."""

from dataclasses import dataclass
from typing import Literal

import pytest
import yaml

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError, FaultCode
from dexterity_ros.contracts.hand import HandFile, load_hand
from dexterity_ros.contracts.resources import named_resource


@dataclass(frozen=True, kw_only=True)
class Inner:
    rate_hz: float
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    count: int
    inner: Inner
    pair: tuple[float, float] = (0.0, 1.0)
    limit: float | None = None


GOOD = {"name": "x", "count": 2, "inner": {"rate_hz": 20}}


def test_whole_numbers_are_accepted_where_a_float_is_expected():
    assert config.from_mapping(Outer, GOOD, where="f").inner.rate_hz == 20.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nmae": 1}, "f.nmae is not a known key"),
        ({"count": 2.5}, "f.count is 2.5"),
        ({"count": True}, "f.count is True"),
        ({"inner": {"rate_hz": "fast"}}, "f.inner.rate_hz is 'fast'"),
        ({"inner": {"rate_hz": 1, "kind": "c"}}, "one of \\['a', 'b'\\]"),
        ({"inner": {}}, "f.inner.rate_hz is missing"),
        ({"inner": 3}, "f.inner is 3"),
        ({"pair": [1.0]}, "f.pair is \\[1.0\\]"),
        ({"pair": [1.0, "x"]}, "f.pair\\[1\\] is 'x'"),
        ({"name": 3}, "f.name is 3"),
    ],
)
def test_a_bad_value_is_named_with_its_key_path(change, message):
    with pytest.raises(ConfigError, match=message):
        config.from_mapping(Outer, GOOD | change, where="f")


def test_what_is_written_is_what_is_read():
    outer = config.from_mapping(Outer, GOOD | {"limit": 0.5}, where="f")
    assert config.from_mapping(Outer, config.to_mapping(outer), where="g") == outer


def test_a_missing_file_lists_what_is_there():
    with pytest.raises(ConfigError, match="it has .*leap"):
        named_resource("config/hands", "shadow")


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("a: [1")
    with pytest.raises(ConfigError, match="not valid YAML"):
        config.load(Outer, path)
    path.write_text("- 1")
    with pytest.raises(ConfigError, match="expected a mapping"):
        config.load(Outer, path)
    with pytest.raises(ConfigError, match="no file"):
        config.load(Outer, tmp_path / "y.yaml")


def test_an_unknown_key_in_a_hand_is_refused(leap_content, tmp_path):
    content = leap_content | {"max_curent_a": 9.0}
    with pytest.raises(ConfigError, match="max_curent_a is not a known key"):
        config.from_mapping(HandFile, content, where="hand")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["joints"][3].update(name="if_mcp"), "joint names must differ"),
        (lambda m: m["drive"]["motors"]["if_dip"].update(id=1), "motor ids must differ"),
        (lambda m: m["joints"][3].update(upper_rad=-2.0), "lower_rad -0.366 is not below"),
        (lambda m: m.update(home_pos_rad=[0.0]), "1 values for 16 joints"),
        (lambda m: m["home_pos_rad"].__setitem__(0, 3.0), "home_pos_rad of if_mcp is 3.0"),
        (lambda m: m.update(max_step_rad=0.0), "max_step_rad is 0.0"),
        (lambda m: m["drive"]["motors"]["if_mcp"].update(id=-1), "motors.if_mcp.id is -1, expected 0 to 252"),
        (lambda m: m["drive"]["motors"]["if_mcp"].update(id=254), "id is 254"),
        (lambda m: m["drive"]["motors"].pop("if_mcp"), r"drive.motors has .*, expected one for each joint of leap"),
        (lambda m: m["drive"]["motors"]["if_mcp"]["gains"].update(p=-5), "gains.p is -5, expected 0 to 16383"),
        (lambda m: m["drive"]["motors"]["if_mcp"]["gains"].update(p=1_000_000), "gains.p is 1000000"),
        (lambda m: m["joints"][0].update(upper_rad=float("inf")), "upper_rad is inf"),
        (lambda m: m["joints"][0].update(lower_rad=float("-inf")), "lower_rad is -inf"),
        (lambda m: m["drive"].update(baud_rate=0), "baud_rate is 0"),
        (lambda m: m["drive"].update(baud_rate=1_000_001), r"baud_rate is 1000001, the XC330-M288 has \[9600"),
        (lambda m: m.update(max_velocity_rad_s=1e9), "max_velocity_rad_s is 1000000000.0"),
        (lambda m: m.update(max_velocity_rad_s=10.5), "at most 10.16: no-load speed of the XC330-M288"),
        (lambda m: m.update(max_step_rad=1e9), "max_step_rad is 1000000000.0"),
        (lambda m: m["drive"].update(max_temperature_c=1000.0), "max_temperature_c is 1000.0"),
        (lambda m: m["drive"].update(max_temperature_c=71.0), "at most 70: temperature limit of the XC330-M288"),
        (lambda m: m.update(max_current_a=2.4), "at most 2.352: current limit of the XC330-M288"),
        (lambda m: m["drive"].update(supply_v=12.0), "supply_v is 12.0, expected 3.5 to 7.0"),
        (lambda m: m["drive"].update(motor_model="XC330"), "config/motors has no 'xc330'"),
        (lambda m: m.update(grasp_centre_m=[float("nan"), 0.0, 0.0]), r"grasp_centre_m\[0\] is nan"),
        (lambda m: m.update(name="\x1b[2Jleap"), "name is .*expected a name"),
        (lambda m: m.update(joints=[]), "joints has 0 entries"),
    ],
)
def test_a_hand_that_cannot_be_is_refused(leap_content, change, message):
    content = leap_content
    change(content)
    with pytest.raises(ConfigError, match=message):
        config.from_mapping(HandFile, content, where="hand")


def test_the_drive_does_not_change_the_digest_but_limits_do(leap, leap_content):
    content = leap_content
    content["drive"]["motors"]["if_mcp"]["id"] = 33
    assert config.from_mapping(HandFile, content, where="h").digest == leap.digest
    content["joints"][0]["upper_rad"] = 2.0
    assert config.from_mapping(HandFile, content, where="h").digest != leap.digest


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("sign", r"joints\[0\].sign belongs into the robot.yaml of this one hand"),
        ("zero_offset_rad", r"joints\[0\].zero_offset_rad belongs into the robot.yaml"),
        ("motor_id", r"joints\[0\].motor_id belongs below `drive:`"),
    ],
)
def test_a_joints_key_of_an_older_hand_file_is_refused_with_where_it_belongs(leap_content, tmp_path, key, said):
    content = leap_content
    content["joints"][0][key] = 1
    path = tmp_path / "old.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=said) as raised:
        load_hand(str(path))
    assert str(raised.value).isprintable()


def test_a_drive_without_its_block_is_refused_with_where_it_belongs(leap_content, tmp_path):
    content = leap_content
    path = tmp_path / "old.yaml"
    path.write_text(yaml.safe_dump(content | content.pop("drive")))
    with pytest.raises(ConfigError, match="motor_model belongs below `drive:`; baud_rate belongs below"):
        load_hand(str(path))


def test_a_hand_can_be_the_users_own_file(leap_content, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(leap_content | {"name": "mine"}))
    assert load_hand(str(path)).name == "mine"


@dataclass(frozen=True, kw_only=True)
class Odd:
    table: dict[str, int] | None = None
    either: int | str = 0


def test_tables_are_checked_entry_by_entry_and_what_the_loader_cannot_check_is_an_error():
    assert config.from_mapping(Odd, {"table": None}, where="f").table is None
    with pytest.raises(ConfigError, match="f.table.a is 'x'"):
        config.from_mapping(Odd, {"table": {"a": "x"}}, where="f")
    with pytest.raises(ConfigError, match="f.table is 3"):
        config.from_mapping(Odd, {"table": 3}, where="f")
    with pytest.raises(ConfigError, match="unions of several types"):
        config.from_mapping(Odd, {"either": 1}, where="f")


def test_files_that_are_nowhere_are_named(monkeypatch, tmp_path):
    from dexterity_ros.contracts import resources

    monkeypatch.setattr(resources, "__file__", str(tmp_path / "resources.py"))
    resources.data_root.cache_clear()
    with pytest.raises(ConfigError, match="is the package installed completely"):
        resources.data_root()
    resources.data_root.cache_clear()


def test_a_mapping_is_needed_where_a_dataclass_is_expected():
    with pytest.raises(ConfigError, match="f is 3, expected a mapping with the keys"):
        config.from_mapping(Inner, 3, where="f")


def test_enumerations_are_read_by_value():
    @dataclass(frozen=True, kw_only=True)
    class Coded:
        code: FaultCode

    assert config.from_mapping(Coded, {"code": "estop"}, where="f").code is FaultCode.ESTOP
    with pytest.raises(ConfigError, match="one of"):
        config.from_mapping(Coded, {"code": "stop"}, where="f")
    assert config.to_mapping(Coded(code=FaultCode.ESTOP)) == {"code": "estop"}
