"""Runs inside the browser's sandbox: hands a listening socket of that network out, then becomes the browser.

Called as ``python -IS launch.py PORT CONTROL BROWSER ARGUMENT…``. The sandbox has a loopback of its own and nothing else. Whoever
gets the socket over the unix socket CONTROL is the only server that the browser can reach.
"""

import os
import socket
import sys


def main(port: str, control: str, *browser: str) -> None:
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=256)
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(control)
        socket.send_fds(channel, [b"."], [listener.fileno()])
    listener.close()
    os.execv(browser[0], browser)  # noqa: S606  # the arguments come from Playwright, no shell sees them


if __name__ == "__main__":
    main(*sys.argv[1:])
