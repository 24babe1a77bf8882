"""``python -m synergy.embedded HOME``: the keeper of one SYNERGY_HOME. Started by the client, not by hand."""

from __future__ import annotations

import argparse
import logging
import shutil
import signal
import sys
from pathlib import Path

from synergy.embedded.keeper import SOCKET, Keeper, listen, only_one, secure_folder
from synergy.env import runtime_dir


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--volatile", action="store_true", help="for tests: faster, may lose data when the machine crashes")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    sockets = runtime_dir(options.home)
    lock = only_one(options.home, sockets)
    if lock is None:
        return 0
    secure_folder(sockets)
    keeper = Keeper(options.home, sockets, volatile=options.volatile)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, keeper.stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with listen(sockets / SOCKET) as listener:
        keeper.serve(listener)
    if sockets.parent != options.home:
        shutil.rmtree(sockets)
    lock.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
