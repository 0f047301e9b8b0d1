"""scikit-learn's side of fit_beside_sklearn.sh.

    python fit_beside_sklearn.py make DIRECTORY ROWS COLUMNS
    python fit_beside_sklearn.py fit DIRECTORY COLUMNS SOLVER
    python fit_beside_sklearn.py compare LOG

`make` writes x.f64 (row after row) and y.u8; `fit` prints seconds and the objective, the mean log loss plus the penalty; `compare`
reads lines `ROUND NAME seconds S objective O memory M` and prints medians and ratios.
"""
import statistics
import sys
import time
from pathlib import Path


def make(directory, rows, columns):
    import numpy as np

    random = np.random.default_rng(7)
    x = random.standard_normal((rows, 16)) @ random.standard_normal((16, columns)) / 4
    x += 0.6 * random.standard_normal((rows, columns))
    truth = random.standard_normal(columns) / 4
    y = random.random(rows) < 1 / (1 + np.exp(2.4 - x @ truth))
    x.astype("<f8").tofile(directory / "x.f64")
    y.astype(np.uint8).tofile(directory / "y.u8")


def peak():
    """The most memory this process has held, in bytes."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def fit(directory, columns, solver):
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    y = np.fromfile(directory / "y.u8", dtype=np.uint8)
    x = np.fromfile(directory / "x.f64", dtype="<f8").reshape(len(y), columns)
    before = peak()
    start = time.perf_counter()
    model = LogisticRegression(C=1.0, solver=solver, max_iter=1000, tol=1e-6).fit(x, y)
    seconds = time.perf_counter() - start
    after = peak()
    z = x @ model.coef_[0] + model.intercept_[0]
    objective = (0.5 * (model.coef_**2).sum() + np.logaddexp(0, np.where(y == 1, -z, z)).sum()) / len(y)
    memory = 1 + (after - before) / x.nbytes
    print(f"seconds {seconds:.4f} objective {objective:.12f} memory {memory:.3f}")


def compare(log):
    lines = [line.split() for line in Path(log).read_text().splitlines()]
    rounds = {}
    for number, name, _, seconds, _, objective, _, memory in lines:
        rounds.setdefault(int(number), {})[name] = (float(seconds), float(objective), float(memory))
    names = list(next(iter(rounds.values())))
    peers = [name for name in names if name != "lapwing"]
    for name in names:
        seconds = statistics.median(found[name][0] for found in rounds.values())
        memory = max(found[name][2] for found in rounds.values())
        print(f"{name:16s} median {seconds:7.3f} s   memory {memory:.2f} of the matrix")
    for peer in peers:
        ratios = sorted(found["lapwing"][0] / found[peer][0] for found in rounds.values())
        print(f"time beside {peer:16s} median {statistics.median(ratios):.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f}")
    fastest = [found["lapwing"][0] / min(found[peer][0] for peer in peers) for found in rounds.values()]
    print(f"time beside the faster of each round: median {statistics.median(fastest):.2f}")
    best = min(found[peer][1] for found in rounds.values() for peer in peers)
    ours = max(found["lapwing"][1] for found in rounds.values())
    print(f"objective above scikit-learn's lowest: {ours - best:.1e} of {best:.6f}")


if __name__ == "__main__":
    task, *rest = sys.argv[1:]
    if task == "make":
        make(Path(rest[0]), int(rest[1]), int(rest[2]))
    elif task == "fit":
        fit(Path(rest[0]), int(rest[1]), rest[2])
    elif task == "compare":
        compare(rest[0])
    else:
        sys.exit(__doc__)
