"""Checks Lapwing's features against SQL and against what the peers wrote: every customer, every feature, two cutoffs.

    python agree.py EVENTS OUT THREADS

OUT holds the folders `lapwing-features-12`, `duckdb` and `polars` with a file a cutoff. Counts must be the same; sums, gaps and other
numbers may differ by 1e-9 of their size, or by 1e-9 below 1. Prints a table of what differs and ends with 1, or prints what was checked.
"""

import sys
from datetime import datetime
from pathlib import Path

import duckdb

import peer_duckdb
from oracle import ORACLE
from work import CUTOFFS, file_of

CHECKED = [CUTOFFS[0], CUTOFFS[-1]]
KEYS = ("customer_id", "cutoff")


def columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The columns of a table but for its keys."""
    return [row[0] for row in connection.execute(f"describe {table}").fetchall() if row[0] not in KEYS]


def differences(connection: duckdb.DuckDBPyConnection, side: str, cutoff: datetime) -> tuple[list[str], int]:
    """The rows of the report on a side, and how many features it shares with Lapwing."""
    pairs = "ours full join theirs using (customer_id) where ours.cutoff is null or theirs.cutoff is null"
    unpaired = connection.execute(f"select count(*) from {pairs}").fetchall()[0][0]
    rows = [f"| {side} | {cutoff:%Y-%m-%d} | customers | {unpaired} | in one table only | | |"] if unpaired else []
    shared = [name for name in columns(connection, "theirs") if name in columns(connection, "ours")]
    for name in shared:
        ours, theirs = f"ours.{name}::double", f"theirs.{name}::double"
        bound = "0" if name.endswith("_count") else f"1e-9 * greatest(1, abs({theirs}))"
        differs = f"({ours} is null) <> ({theirs} is null) or not coalesce(abs({ours} - {theirs}) <= {bound}, true)"
        found = f"count(*), min_by(struct_pack(id := customer_id, o := {ours}, t := {theirs}), customer_id)"
        count, example = connection.execute(f"select {found} from ours join theirs using (customer_id) where {differs}").fetchall()[0]
        if count:
            rows.append(f"| {side} | {cutoff:%Y-%m-%d} | `{name}` | {count} | {example['id']} | {example['o']} | {example['t']} |")
    return rows, len(shared)


def main(events: Path, out: Path, threads: int) -> int:
    """The exit code."""
    connection = peer_duckdb.connect(threads, out / "spill")
    rows, checked = [], []
    for cutoff in CHECKED:
        ours = out / "lapwing-features-12" / file_of(cutoff)
        connection.execute(f"create or replace table ours as from read_parquet('{ours}', hive_partitioning = false)")
        sides = {
            "SQL": f"{peer_duckdb.with_seen(events, cutoff)} {ORACLE}",
            "duckdb": f"from read_parquet('{out / 'duckdb' / file_of(cutoff)}', hive_partitioning = false)",
            "polars": f"from read_parquet('{out / 'polars' / file_of(cutoff)}', hive_partitioning = false)",
        }
        for side, query in sides.items():
            connection.execute(f"create or replace table theirs as {query}")
            found, shared = differences(connection, side, cutoff)
            rows += found
            checked.append(f"{shared} features against {side}")
        checked.append(f"{connection.execute('select count(*) from ours').fetchall()[0][0]:,} customers at {cutoff:%Y-%m-%d}")
    if rows:
        print("| against | cutoff | feature | differs for | first of them | Lapwing | other |\n|---|---|---|---|---|---|---|")
        print("\n".join(rows))
        return 1
    print("Agreed: " + "; ".join(checked) + ".")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
