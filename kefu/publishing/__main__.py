"""Do one job: `python -m kefu.publishing JOB LOCK`, started by `kefu.publishing.launching`.

LOCK is the number of the inherited descriptor whose lock says that the job is being done.
"""

from __future__ import annotations

import logging
import os
import sys

from kefu.publishing import jobs
from kefu.publishing.work import run


def main(arguments: list[str]) -> int:
    """Do the job and return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    run(jobs.get(arguments[0]))
    # Not when the process is gone at last: what it loaded takes a while to be torn down.
    os.close(int(arguments[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
