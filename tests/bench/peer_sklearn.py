"""scikit-learn's side: DuckDB computes the features, a pipeline learns from them and scores."""

from datetime import timedelta
from pathlib import Path

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import peer_duckdb
from work import CUTOFFS

AT = CUTOFFS[-1]


def matrix(table: pa.Table) -> np.ndarray:
    """The features of a table, a row a customer."""
    columns = [column.to_numpy() for name, column in zip(table.column_names, table.columns) if name not in ("customer_id", "cutoff")]
    return np.column_stack(columns).astype(np.float64)


def learn(events: Path, out: Path, threads: int) -> None:
    """Fits who does not buy within 90 days; outside of any measurement."""
    connection = peer_duckdb.connect(threads, out / "spill")
    cutoff = AT - timedelta(days=90)
    table = connection.execute(peer_duckdb.features_sql(events, cutoff)).to_arrow_table()
    outcome = f"kind = 'purchase' and ts >= timestamp '{cutoff}' and ts < timestamp '{AT}'"
    buyers = connection.execute(f"select distinct customer_id from '{events}' where {outcome}").fetchnumpy()["customer_id"]
    left = ~np.isin(table["customer_id"].to_numpy(), buyers)
    model = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=1000))
    joblib.dump(model.fit(matrix(table), left), out / "model.joblib")


def score(events: Path, out: Path, threads: int) -> None:
    """Scores everyone by the model that was learned into the folder."""
    model = joblib.load(out / "model.joblib")
    table = peer_duckdb.connect(threads, out / "spill").execute(peer_duckdb.features_sql(events, AT)).to_arrow_table()
    scores = {"customer_id": table["customer_id"], "churn_probability": model.predict_proba(matrix(table))[:, 1]}
    pq.write_table(pa.table(scores), out / "scores.parquet", compression="snappy")
