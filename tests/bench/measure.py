"""Runs one task in a process of its own and tells its time and its peak memory.

Imports nothing but the standard library: a child's peak is at least what its parent held when it was started.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from work import CUTOFFS

HERE = Path(__file__).parent
CONFIG = HERE / "bench.toml"


def say(text: str) -> None:
    """Progress: no part of the result."""
    print(text, file=sys.stderr, flush=True)


class Failed(Exception):
    """A process ended with an error."""


@dataclass(frozen=True)
class Cost:
    """What a task took."""

    seconds: float
    peak: int

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, {self.peak / 1e6:,.0f} MB"


def run(command: list[str]) -> tuple[Cost, str]:
    """Cost of a command, its start included, and what it printed."""
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=printed, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        said.seek(0)
        if process.returncode != 0:
            raise Failed(f"`{' '.join(command)}` ended with {process.returncode}\n{printed.read()}{said.read()}")
        # Kilobytes on Linux, bytes on macOS.
        return Cost(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)), printed.read()


def python(script: str, *arguments: object) -> str:
    """What a script of this folder prints."""
    return run([sys.executable, str(HERE / script), *map(str, arguments)])[1]


def clear(*paths: Path) -> None:
    """Removes what earlier runs wrote there and waits for the disk, so that a run pays for nothing but its own work."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    os.sync()


@dataclass(frozen=True)
class Bench:
    """Where the binaries and results lie, and what they may use."""

    binaries: Path
    out: Path
    threads: int
    memory: str | None = None

    def peer(self, tool: str, task: str, events: Path) -> Cost:
        """A peer's task: its time is told by itself, without the start of Python and its imports."""
        folder = self.out / tool
        folder.mkdir(exist_ok=True)
        clear(*folder.glob("*.parquet"))
        cost, printed = run([sys.executable, str(HERE / "peer.py"), tool, task, str(events), str(folder), str(self.threads)])
        return Cost(float(printed), cost.peak)

    def lapwing(self, task: str, events: Path) -> Cost:
        """Lapwing's task: its time is that of the whole process."""
        cutoffs = [f"{cutoff:%Y-%m-%d}" for cutoff in CUTOFFS]
        train, serve = self.binaries / "lapwing-train", self.binaries / "lapwing-serve"
        at = {"features-1": cutoffs[-1:], "features-12": cutoffs}
        if task == "score":
            bundle = ["--bundle", str(self.out / "bundle"), "--as-of", cutoffs[-1]]
            return self.call([str(serve), "score", *bundle], events, self.out / "scores.parquet")
        if task == "fit":
            return self.call([str(train), "fit", "--as-of", cutoffs[-1]], events, self.out / "bundle")
        wanted = [word for cutoff in at[task] for word in ("--cutoff", cutoff)]
        return self.call([str(train), "features", *wanted], events, self.out / f"lapwing-{task}")

    def call(self, command: list[str], events: Path, out: Path) -> Cost:
        """A command of Lapwing's over the events."""
        clear(out)
        common = ["--config", str(CONFIG), "--events", str(events), "--out", str(out), "--threads", str(self.threads)]
        return run(command + common + (["--memory", self.memory] if self.memory else []))[0]
