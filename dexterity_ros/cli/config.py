"""dexterity config"""

import yaml

from dexterity_ros.cli.options.config import ConfigOptions
from dexterity_ros.cli.output import console, write_json
from dexterity_ros.contracts.config import read_resolved
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.resources import resource


def show(options: ConfigOptions) -> int:
    """Prints a file on top of what it is based on."""
    path = resource(options.file)
    kind = options.kind or path.parent.name
    content = read_resolved(path, f"config/{kind}")
    digest = load_hand(str(path)).digest if kind == "hands" else ""
    if digest:
        console.print(f"# hand_digest: {digest}", highlight=False, soft_wrap=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    console.print(text, end="", highlight=False, markup=False, soft_wrap=True)
    write_json(options.json, {"content": content, "hand_digest": digest})
    return 0
