"""Polars' side, as an analyst would write it: lazy, streamed, one query a cutoff."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from work import KINDS, WINDOWS, file_of

KIND, TS, AMOUNT = pl.col("kind"), pl.col("ts"), pl.col("amount")
BOUGHT = KIND == "purchase"


def scan(events: Path) -> None:
    """Looks at every column once."""
    columns = [pl.len(), AMOUNT.sum(), TS.max(), KIND.n_unique(), pl.col("channel").n_unique()]
    length = pl.col("customer_id").str.len_bytes().sum()
    pl.scan_parquet(events).select(*columns, length).collect(engine="streaming")


def rfm(events: Path, out: Path) -> None:
    """The plainest table of customers: last purchase, purchases, spend."""
    columns = {"last": TS.filter(BOUGHT).max(), "purchases": BOUGHT.sum(), "spend": AMOUNT.filter(BOUGHT).sum()}
    write(pl.scan_parquet(events).group_by("customer_id").agg(**columns), out / "rfm.parquet")


def features(events: Path, out: Path, cutoffs: list[datetime]) -> None:
    """One file a cutoff."""
    for cutoff in cutoffs:
        write(features_at(pl.scan_parquet(events), cutoff), out / file_of(cutoff))


def features_at(events: pl.LazyFrame, cutoff: datetime) -> pl.LazyFrame:
    """The features at one cutoff."""
    seen = events.filter(cutoff > TS)
    since = {days: cutoff - timedelta(days=days) <= TS for days in WINDOWS}
    counts = {f"{name}_{days}d_count": ((KIND == kind) & recent).sum() for days, recent in since.items() for kind, name in KINDS.items()}
    sums = {f"spend_{days}d_sum": AMOUNT.filter(BOUGHT & recent).sum() for days, recent in since.items()}
    table = seen.group_by("customer_id").agg(
        days_since_last_purchase=days_until(cutoff, TS.filter(BOUGHT).max()),
        tenure_days=days_until(cutoff, TS.filter(BOUGHT).min()),
        purchases_count=BOUGHT.sum(),
        spend_sum=AMOUNT.filter(BOUGHT).sum(),
        order_value_std=AMOUNT.filter(BOUGHT).std(),
        **counts,
        **sums,
    )
    days = seen.filter(BOUGHT).select("customer_id", day=TS.dt.date()).unique()
    gaps = days.group_by("customer_id").agg(gap=pl.col("day").sort().diff().dt.total_days())
    gap = pl.col("gap").list
    statistics = gaps.select("customer_id", gap_days_mean=gap.mean(), gap_days_std=gap.std(), gap_days_median=gap.median())
    return table.join(statistics, on="customer_id", how="left").with_columns(cutoff=pl.lit(cutoff))


def days_until(cutoff: datetime, ts: pl.Expr) -> pl.Expr:
    """Days from an instant to the cutoff."""
    return (cutoff - ts).dt.total_microseconds() / 86_400e6


def write(table: pl.LazyFrame, path: Path) -> None:
    """Streams the table into a file."""
    table.sink_parquet(path, compression="snappy", engine="streaming")
