"""Why a trial ended as it did, in one line: what `dexterity compare` finds in its recording."""

from pathlib import Path

from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.compare import compare
from dexterity_ros.replay.run_record import RunRecord


def cause(bag: Path) -> str:
    """Returns the first finding, or that there is none, or why nobody knows."""
    try:
        run = RunRecord(Bag(bag))
        findings = compare(run, run.manifest()).findings
    except DexterityError as error:
        return f"not known: {error}"
    return f"{findings[0].kind}: {findings[0].says}" if findings else "nothing found"
