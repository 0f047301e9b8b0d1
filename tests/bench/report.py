"""Costs as a Markdown table or as plain values."""

import os
import platform
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from measure import Bench, Cost, run

PEERS = ["duckdb", "polars", "scikit-learn", "pyarrow", "numpy"]


@dataclass
class Row:
    """A task of a tool: what it took on a tiny file, and in each round."""

    title: str
    tool: str
    task: str
    tiny: Cost
    costs: list[Cost] = field(default_factory=list)

    def seconds(self) -> float:
        """The middle one of the rounds."""
        return median(cost.seconds for cost in self.costs)

    def peak(self) -> int:
        """The largest of the rounds, in bytes."""
        return max(cost.peak for cost in self.costs)

    def bytes_per_event(self, events: int) -> float:
        """Peak memory above that of the tiny file."""
        return (self.peak() - self.tiny.peak) / events


def plain(rows: list[Row], events: int) -> list[dict[str, Any]]:
    """The rows with Lapwing's time over theirs, round by round."""
    lapwing = {row.title: row for row in rows if row.tool == "Lapwing"}
    return [
        {
            "work": row.title,
            "tool": row.tool,
            "task": row.task,
            "seconds": [cost.seconds for cost in row.costs],
            "lapwing_over_it": [ours.seconds / theirs.seconds for ours, theirs in zip(lapwing[row.title].costs, row.costs)],
            "peak_bytes": row.peak(),
            "peak_bytes_per_event": row.bytes_per_event(events),
        }
        for row in rows
    ]


def table(rows: list[Row], events: int) -> str:
    """A row a task: ratios as the median of the rounds with the least and the most."""
    lines = ["| work | tool | seconds | Lapwing's time over it | peak MB | bytes an event |", "|---|---|---:|---:|---:|---:|"]
    for row, values in zip(rows, plain(rows, events)):
        ratios = values["lapwing_over_it"]
        ours = row.tool == "Lapwing"
        ratio = "" if ours else f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        tool = "**Lapwing**" if ours else row.tool
        memory = f"{row.peak() / 1e6:,.0f} | {row.bytes_per_event(events):,.0f}"
        lines.append(f"| {row.title if ours else ''} | {tool} | {row.seconds():.2f} | {ratio} | {memory} |")
    return "\n".join(lines)


def processor() -> str:
    """The model of the processor, where the system tells it."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def about(bench: Bench, events: int, customers: int, rounds: int) -> dict[str, Any]:
    """When, where and of what the figures are."""
    return {
        "date": f"{date.today()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[2],
        "threads": bench.threads,
        "events": events,
        "customers": customers,
        "rounds": rounds,
        "versions": {"lapwing": run([str(bench.binaries / "lapwing-train"), "--version"])[1].split()[-1]}
        | {"python": platform.python_version()}
        | {peer: version(peer) for peer in PEERS},
    }


def sentence(about: dict[str, Any]) -> str:
    """The same in words."""
    versions = ", ".join(f"{tool} {version}" for tool, version in about["versions"].items())
    return (
        f"Measured on {about['date']}: {about['events']:,} events of {about['customers']:,} customers, rounds: {about['rounds']}, "
        f"threads: {about['threads']}, {about['processor']} with {about['cores']} cores, load of the last 15 minutes "
        f"{about['load']:.1f}; {versions}."
    )
