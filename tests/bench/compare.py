"""Lapwing beside its peers, turn by turn; see README.md. Started by `run`, which knows where Python's packages and the binaries are."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import growth
import report
from measure import HERE, Bench, Cost, Failed, python, say

# Events and customers: what shows the fixed costs, what the models that score are fitted on, what `--quick` compares on.
TINY, SMALL, QUICK = (2_000, 50), (40_000, 1_000), (200_000, 5_000)
# What is timed together, by the title of its rows: tools with their tasks, Lapwing first.
WORK = {
    "features, 1 cutoff": [
        ("Lapwing", "features-1"),
        ("DuckDB", "features-1"),
        ("Polars", "features-1"),
        ("DuckDB, a scan alone", "scan"),
        ("Polars, a scan alone", "scan"),
        ("DuckDB, RFM alone", "rfm"),
        ("Polars, RFM alone", "rfm"),
    ],
    # The last of the features of DuckDB and Polars: what they leave is what `agree.py` reads.
    "features, 12 cutoffs": [("Lapwing", "features-12"), ("DuckDB", "features-12"), ("Polars", "features-12")],
    "score, 1 cutoff": [("Lapwing", "score"), ("scikit-learn on DuckDB", "score")],
}


def arguments() -> argparse.Namespace:
    """What the caller wants."""
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Lapwing beside DuckDB, Polars and scikit-learn.")
    parser.add_argument("--events", type=int, default=20_000_000, metavar="N", help="rows of the made-up history (default: 20000000)")
    parser.add_argument("--customers", type=int, metavar="N", help="customers in it (default: one for 40 events)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of each task (default: 5)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads of each tool (default: 2)")
    parser.add_argument("--memory", metavar="SIZE", help="memory for Lapwing to stay within; with --growth, at 200 million events")
    parser.add_argument("--quick", action="store_true", help="200,000 events, one round")
    parser.add_argument("--growth", action="store_true", help="Lapwing alone on 2, 20 and 100 million events; with --memory 200 too")
    parser.add_argument("--fit", action="store_true", help="the logistic fit beside scikit-learn's; builds its example")
    parser.add_argument("--json", action="store_true", help="print JSON in place of tables")
    wanted = parser.parse_args()
    if wanted.quick:
        (wanted.events, wanted.customers), wanted.rounds = QUICK, 1
    wanted.customers = wanted.customers or max(wanted.events // 40, 1)
    return wanted


def data(home: Path, events: int, customers: int) -> Path:
    """The history of this size, written once."""
    path = home / f"events-{events}-{customers}.parquet"
    if not path.exists():
        say(f"writing {events:,} events of {customers:,} customers")
        python("events.py", events, customers, path)
    return path


def once(bench: Bench, tool: str, task: str, events: Path) -> Cost:
    """One task of one tool."""
    if tool == "Lapwing":
        return bench.lapwing(task, events)
    names = {"DuckDB": "duckdb", "Polars": "polars"}
    return bench.peer(names.get(tool.split(",")[0], "sklearn"), task, events)


def compare(bench: Bench, events: Path, tiny: Path, rounds: int) -> list[report.Row]:
    """Every task in every round, one after the other."""
    rows = [report.Row(title, tool, task, once(bench, tool, task, tiny)) for title, tools in WORK.items() for tool, task in tools]
    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}")
        for row in rows:
            row.costs.append(once(bench, row.tool, row.task, events))
            say(f"  {row.title}: {row.tool}, {row.costs[-1]}")
    return rows


def main() -> int:
    """The exit code."""
    wanted = arguments()
    home, binaries = Path(os.environ["LAPWING_BENCH_HOME"]), Path(os.environ["LAPWING_BIN"])
    if wanted.fit:
        environment = os.environ | {"PYTHON": sys.executable}
        script = HERE.parents[1] / "models/benches/fit_beside_sklearn.sh"
        command = [str(script), str(wanted.rounds), "500000", "64", str(wanted.threads)]
        return subprocess.run(command, env=environment, check=False).returncode
    tiny, small = data(home, *TINY), data(home, *SMALL)
    with tempfile.TemporaryDirectory(dir=home, prefix="out-") as out:
        bench = Bench(binaries, Path(out), wanted.threads, None if wanted.growth else wanted.memory)
        say(f"fitting what scores, on {SMALL[0]:,} events")
        bench.lapwing("fit", small)
        if wanted.growth:
            return growth.run(bench, lambda size: data(home, size, size // 40), tiny, wanted)
        bench.peer("sklearn", "learn", small)
        events = data(home, wanted.events, wanted.customers)
        rows = compare(bench, events, tiny, wanted.rounds)
        agreement = python("agree.py", events, out, wanted.threads).strip()
        if wanted.quick:
            say(python("histories.py", events, binaries, out).strip())
    about = report.about(bench, wanted.events, wanted.customers, wanted.rounds)
    if wanted.json:
        print(json.dumps({"about": about, "agreement": agreement, "rows": report.plain(rows, wanted.events)}))
    else:
        print(report.table(rows, wanted.events), report.sentence(about), agreement, sep="\n\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        say(f"error: {failed}")
        sys.exit(1)
