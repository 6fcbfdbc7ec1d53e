"""Runs cells one after another: python -m matrix [--cells NAME …]; all if none is named."""

from __future__ import annotations

import argparse
import datetime
import sys

from .cells import cells, named
from .outcome import Outcome, json_line, status, table
from .run import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="matrix", description=__doc__)
    names = ", ".join(cell.name for cell in cells())
    parser.add_argument("--cells", nargs="*", default=[], metavar="NAME", help=names)
    try:
        wanted = named(parser.parse_args().cells)
    except ValueError as unknown:
        parser.error(str(unknown))
    outcomes: list[Outcome] = []
    for cell in wanted:
        outcome = run(cell)
        outcomes.append(outcome)
        print(f"{cell.name}: {outcome.result}, {outcome.seconds:.0f} s", flush=True)
        if outcome.tail:
            print(outcome.tail, flush=True)
    date = datetime.date.today().isoformat()
    print(f"\n{table(outcomes, date)}\n\n{json_line(outcomes, date)}")
    return status(outcomes)


if __name__ == "__main__":
    sys.exit(main())
