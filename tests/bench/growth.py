"""Whether time and memory grow as the events do."""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import report
from measure import Bench, say

SIZES = [2_000_000, 20_000_000, 100_000_000]
BUDGETED = 200_000_000
TASKS = ["features-1", "features-12", "score"]
FLAT = 1.2


def run(bench: Bench, data: Callable[[int], Path], tiny: Path, wanted: argparse.Namespace) -> int:
    """Prints costs an event, those of a tiny file taken off; 1 when one without a budget rises by more than a fifth."""
    benches = dict.fromkeys(SIZES, bench)
    if wanted.memory:
        benches[BUDGETED] = replace(bench, memory=wanted.memory)
    rows = {(task, size): report.Row(task, "Lapwing", task, bench.lapwing(task, tiny)) for task in TASKS for size in benches}
    for _ in range(wanted.rounds):
        for (task, size), row in rows.items():
            row.costs.append(benches[size].lapwing(task, cached(data(size))))
            say(f"  {task}: {size:,} events, {row.costs[-1]}")
    found = []
    for (task, size), row in rows.items():
        microseconds = (row.seconds() - row.tiny.seconds) / size * 1e6
        memory = benches[size].memory
        found.append(
            {"work": task, "events": size, "budget": memory, "seconds": row.seconds(), "peak_bytes": row.peak()}
            | {"microseconds_per_event": microseconds, "peak_bytes_per_event": row.bytes_per_event(size)}
        )
    costs = ("microseconds_per_event", "peak_bytes_per_event")
    steep = [f"{task}: {cost}" for task in TASKS for cost in costs if not is_flat(found, task, cost)]
    about = report.about(bench, max(benches), max(benches) // 40, wanted.rounds)
    if wanted.json:
        print(json.dumps({"about": about, "steep": steep, "rows": found}))
    else:
        print(table(found), report.sentence(about), f"Rises by more than 20 %: {', '.join(steep) or 'nothing'}.", sep="\n\n")
    return 1 if steep else 0


def cached(path: Path) -> Path:
    """The file, read once, so that it is in the system's cache however much was written since."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
    return path


def is_flat(found: list[dict[str, Any]], task: str, what: str) -> bool:
    """Whether an event costs at no size more than a fifth above what it costs at a smaller one."""
    costs = [row[what] for row in found if row["work"] == task and not row["budget"]]
    return all(cost <= FLAT * min(costs[: place + 1]) for place, cost in enumerate(costs))


def table(found: list[dict[str, Any]]) -> str:
    """A row a task and size."""
    lines = ["| work | events | seconds | microseconds an event | peak MB | bytes an event |", "|---|---:|---:|---:|---:|---:|"]
    for row in found:
        events = f"{row['events']:,}" + (f" within {row['budget']}" if row["budget"] else "")
        time = f"{row['seconds']:.2f} | {row['microseconds_per_event']:.2f}"
        lines.append(f"| {row['work']} | {events} | {time} | {row['peak_bytes'] / 1e6:,.0f} | {row['peak_bytes_per_event']:,.0f} |")
    return "\n".join(lines)
