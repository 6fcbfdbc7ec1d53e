"""Wait until every URL answers, and end; run in a cluster's network.

python ready.py LIMIT_S URL...
"""

from __future__ import annotations

import ssl
import sys
import time
import urllib.request

POLL_S = 0.1
"""No daemon tells when it is ready: it is asked."""


def answers(url: str) -> bool:
    """Whether it answers, and well; who it is does not matter here."""
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
