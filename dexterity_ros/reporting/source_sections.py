"""What further sensors said in a run: every source that has no section of its own."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from dexterity_ros.contracts.sources import GOAL, JOINTS, OBJECT_POSE, SOURCES, Source
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting.chart import Chart, Line, Panel
from dexterity_ros.reporting.drawing import thinned
from dexterity_ros.reporting.page import Section
from dexterity_ros.reporting.run_data import span

_ELSEWHERE = (JOINTS, OBJECT_POSE, GOAL)
_MOST_LINES = 24  # more cannot be told apart


def source_sections(run: RunRecord) -> Iterator[Section]:
    """Yields a section for each source of which the run holds samples."""
    for source in SOURCES.values():
        if source not in _ELSEWHERE and run.has(source):
            yield Section(title=source.name.replace("_", " ").capitalize(), figures=(_figure(run, source),))


def _figure(run: RunRecord, source: Source[Any]) -> Panel:
    series = run.samples(source)
    names = _names(run, source, series.values.shape[1])
    times = (series.stamps_ns - run.bag.start_ns) * 1e-9
    pick = thinned(len(times))
    drawn = list(zip(names, series.values.T, strict=True))[:_MOST_LINES]
    lines = tuple(Line(label=name, values=values[pick], colour=k) for k, (name, values) in enumerate(drawn))
    return Panel(
        name=source.name,
        note=f"{source.topic.name}: {source.topic.about}.",
        charts=(Chart(x=times[pick], lines=lines),),
        span=span(run),
        columns={"time_s": times.round(4)} | dict(zip(names, series.values.T.round(6), strict=True)),
    )


def _names(run: RunRecord, source: Source[Any], width: int) -> list[str]:
    joints = run.hand.joint_names
    names = [f"{field}.{number}" for field, numbers in source.fields.items() for number in numbers or joints]
    return names if len(names) == width else [str(k) for k in np.arange(width)]
