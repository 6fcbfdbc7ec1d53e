"""Waits until every URL answers; runs in a cluster's network.

python ready.py LIMIT_S URL...
"""

from __future__ import annotations

import ssl
import sys
import time
import urllib.request

POLL_S = 0.1
"""No daemon reports when it is ready, so this asks again and again."""


def answers(url: str) -> bool:
    """Whether the URL answers without an error; its certificate is not checked."""
    anyone = ssl.create_default_context()
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=anyone))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=5):
            return True
    except OSError:
        return False


def main() -> int:
    deadline = time.monotonic() + float(sys.argv[1])
    for url in sys.argv[2:]:
        while not answers(url):
            if time.monotonic() > deadline:
                print(f"{url} is not ready.", file=sys.stderr)
                return 1
            time.sleep(POLL_S)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
