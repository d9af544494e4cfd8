"""MCAP files as others write them, and a dataset of ours."""

from pathlib import Path

import pytest

from dexterity_ros.cli.main import dispatch

TEXT = b"string data\n"
SHORT_RUN = Path(__file__).parents[1] / "data/short_run"


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """The committed run as a dataset."""
    folder = tmp_path_factory.mktemp("dataset") / "set"
    assert dispatch(["bag", "to-lerobot", str(SHORT_RUN), str(folder)]) == 0
    return folder


@pytest.fixture
def text_data():
    """Makes a std_msgs/msg/String in CDR."""
    return _text_data


@pytest.fixture
def write_texts(tmp_path):
    """Writes a file of texts, one per 10 ms, with the official library."""

    def write(count=40, *, name="a.mcap", topics=("/text",), schema=("std_msgs/msg/String", "ros2msg", TEXT), **how):
        from mcap.writer import CompressionType, Writer

        path = tmp_path / name
        with path.open("wb") as stream:
            writer = Writer(stream, **({"chunk_size": 200, "compression": CompressionType.NONE} | how))
            writer.start(profile="ros2", library="test")
            number = 0 if schema is None else writer.register_schema(*schema)
            channels = [writer.register_channel(topic, "cdr", number) for topic in topics]
            for i in range(count):
                log_ns = 1_000_000_000 + i * 10_000_000
                writer.add_message(channels[i % len(channels)], log_ns, _text_data(f"text {i}"), log_ns - 5)
            writer.finish()
        return path

    return write


def _text_data(text):
    content = text.encode() + b"\0"
    return b"\x00\x01\x00\x00" + len(content).to_bytes(4, "little") + content
