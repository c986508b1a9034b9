"""Responsible for ``python -m modelreins_worker``: passes the arguments to the command line and exits with its exit code."""

from __future__ import annotations

import sys
from typing import List, Optional


def main(words: Optional[List[str]] = None) -> None:
    """Run the command line and end the process."""
    from ._cli import run_cli

    sys.exit(run_cli(sys.argv[1:] if words is None else words))


if __name__ == "__main__":
    main()
