#!/bin/sh
# The logistic fit beside scikit-learn's on the same data, turn by turn, each in a process of its own.
#
#   PYTHON=python3 models/benches/fit_beside_sklearn.sh [ROUNDS] [ROWS] [COLUMNS] [THREADS]
#
# Needs numpy and scikit-learn. Times are of the fit alone; other work on the machine disturbs them, so read the
# ratios. scikit-learn's threads wait busily for each other: on a busy machine only one thread compares fairly.
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-9} rows=${2:-500000} columns=${3:-64} threads=${4:-2}
python=${PYTHON:-python3}
export OMP_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads MKL_NUM_THREADS=$threads
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT

cargo build --quiet --release --example fit_matrix
binary=$(cargo metadata --no-deps --format-version 1 | "$python" -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/examples/fit_matrix
peer=benches/fit_beside_sklearn.py
"$python" "$peer" make "$directory" "$rows" "$columns"
# scikit-learn's C is one over the penalty of the sum; ours is of the mean.
lambda=$("$python" -c "print(1 / $rows)")
round=1
while [ "$round" -le "$rounds" ]; do
    for name in lapwing lbfgs newton-cholesky; do
        if [ "$name" = lapwing ]; then
            found=$("$binary" "$directory/x.f64" "$directory/y.u8" "$columns" "$lambda" "$threads")
        else
            found=$("$python" "$peer" fit "$directory" "$columns" "$name")
        fi
        echo "$round $name $found" | tee -a "$directory/log"
    done
    round=$((round + 1))
done
"$python" "$peer" compare "$directory/log"
