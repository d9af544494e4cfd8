"""dexterity print tags"""

from dexterity_ros.cli.options.objects import PrintTagsOptions
from dexterity_ros.cli.output import say
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.object import load_labels, object_folder
from dexterity_ros.reporting.tag_sheet import write_tag_sheet


def tags(options: PrintTagsOptions) -> int:
    """Writes the sheet of an object's tags."""
    item, name = load_labels(options.object), object_folder(options.object).name
    if item is None:
        raise ConfigError(f"the object {name} has no labels: neither object.yaml nor faces.yaml")
    count = write_tag_sheet(options.out, name, item)
    say(f"wrote {options.out}: {count} tags of {1e3 * item.tag_m:.1f} mm; print at 100 % and measure the ruler")
    return 0
