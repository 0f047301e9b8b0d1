"""Checks that a history table by DuckDB, as `features/src/engine/histories/README.md` tells to write it, gives the bytes that its events give.

    python histories.py EVENTS BINARIES OUT
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb

from work import CUTOFFS

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "features/src/engine/histories/README.md"


def sql() -> str:
    """The statement of the page."""
    found = re.search(r"<!-- duckdb:begin -->\s*```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    if found is None:
        raise SystemExit(f"{PAGE} has no statement for DuckDB")
    return found.group(1)


def main(events: Path, binaries: Path, out: Path) -> int:
    """The exit code."""
    folder = out / "by-duckdb"
    folder.mkdir()
    (folder / "events.parquet").symlink_to(events)
    home = Path.cwd()
    os.chdir(folder)
    duckdb.connect().execute(sql())
    os.chdir(home)
    tables = {}
    for flag, source in (("--events", events), ("--histories", folder / "histories")):
        table = folder / f"features{flag}.parquet"
        cutoff = f"{CUTOFFS[-1]:%Y-%m-%d}"
        command = [binaries / "lapwing-train", "features", flag, source, "--config", HERE / "bench.toml", "--cutoff", cutoff, "--out", table]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        tables[flag] = table.read_bytes()
    if tables["--events"] != tables["--histories"]:
        print("A history table by DuckDB gives other features than its events.")
        return 1
    print("A history table by DuckDB gives the bytes that its events give.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))
