"""dexterity bag export"""

import importlib.util

from dexterity_ros.cli.bag import beside, exported
from dexterity_ros.cli.options.bag import BagExportOptions
from dexterity_ros.cli.output import say, say_damage, say_left_out
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.tables import export_tables


def export(options: BagExportOptions) -> int:
    """Writes one table per topic; status 1 for a damaged recording."""
    if options.format == "parquet" and importlib.util.find_spec("pyarrow") is None:
        raise ConfigError("--format parquet needs pyarrow: pip install '.[export]'")
    out = options.out or beside(options.path, "tables")
    bag = Bag(options.path)
    with exported(out) as draft:
        done = export_tables(bag, draft, options.format)
    say_left_out(done.left_out)
    images = f", {done.images} images" if done.images else ""
    say(f"{len(done.files)} tables, {sum(done.files.values())} rows{images} in {out}")
    return say_damage(bag.damage, bag.doubts)
