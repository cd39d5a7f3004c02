"""Play one scene and print what was measured as JSON: `python -m kefu.desk_load '{…}'`."""

from __future__ import annotations

import asyncio
import json
import sys

from kefu.channels.wechat.accounts import demo_accounts
from kefu.desk_load.scene import Scene, play
from kefu.environment import environment, reachable


def main() -> int:
    """Play the scene of the first argument in the environment of this process."""
    here = environment()
    account = next(a for a in demo_accounts() if a.kind == "miniprogram" and a.desk == "kefu")
    console = f"http://{reachable(here.host)}:{here.console_port}"
    scene = Scene(**json.loads(sys.argv[1]))
    observed = asyncio.run(play(scene, console, here.wechat_double_url, account))
    print(json.dumps(observed.as_dict()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
