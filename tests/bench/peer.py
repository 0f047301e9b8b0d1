"""One task of a peer in a process of its own; prints its seconds, without the imports.

python peer.py TOOL TASK EVENTS OUT THREADS
"""

import os
import sys
import time
from pathlib import Path


def main(tool: str, task: str, events: Path, out: Path, threads: int) -> None:
    """Imports one tool only, so that the memory is that tool's."""
    for library in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[library] = str(threads)
    from work import CUTOFFS

    if tool == "duckdb":
        import peer_duckdb

        tasks = {
            "scan": lambda: peer_duckdb.scan(events, out, threads),
            "rfm": lambda: peer_duckdb.rfm(events, out, threads),
            "features-1": lambda: peer_duckdb.features(events, out, threads, CUTOFFS[-1:]),
            "features-12": lambda: peer_duckdb.features(events, out, threads, CUTOFFS),
        }
    elif tool == "polars":
        import peer_polars

        tasks = {
            "scan": lambda: peer_polars.scan(events),
            "rfm": lambda: peer_polars.rfm(events, out),
            "features-1": lambda: peer_polars.features(events, out, CUTOFFS[-1:]),
            "features-12": lambda: peer_polars.features(events, out, CUTOFFS),
        }
    else:
        import peer_sklearn

        tasks = {
            "learn": lambda: peer_sklearn.learn(events, out, threads),
            "score": lambda: peer_sklearn.score(events, out, threads),
        }
    start = time.perf_counter()
    tasks[task]()
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5]))
