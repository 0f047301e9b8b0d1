"""DuckDB's side, as an analyst would write it."""

from datetime import datetime
from pathlib import Path

import duckdb

from work import KINDS, WINDOWS, file_of

PARQUET = "(format parquet, compression snappy)"
COUNTS = [
    f"count(*) filter (kind = '{kind}' and ts >= cutoff - interval {days} day) as {name}_{days}d_count"
    for days in WINDOWS
    for kind, name in KINDS.items()
]
SUMS = [
    f"coalesce(sum(amount) filter (kind = 'purchase' and ts >= cutoff - interval {days} day), 0) as spend_{days}d_sum" for days in WINDOWS
]
FEATURES = """
select * from (
  select customer_id, cutoff,
         epoch(cutoff - max(ts) filter (kind = 'purchase')) / 86400 as days_since_last_purchase,
         epoch(cutoff - min(ts) filter (kind = 'purchase')) / 86400 as tenure_days,
         count(*) filter (kind = 'purchase') as purchases_count,
         coalesce(sum(amount) filter (kind = 'purchase'), 0) as spend_sum,
         stddev(amount) filter (kind = 'purchase') as order_value_std,
         {windowed}
  from seen group by customer_id, cutoff)
left join (
  select customer_id, avg(gap) as gap_days_mean, stddev(gap) as gap_days_std, median(gap) as gap_days_median
  from (select customer_id, day - lag(day) over (partition by customer_id order by day) as gap
        from (select distinct customer_id, ts::date as day from seen where kind = 'purchase'))
  group by customer_id) using (customer_id)
""".format(windowed=",\n         ".join(COUNTS + SUMS))


def connect(threads: int, spill: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory that may spill."""
    return duckdb.connect(config={"threads": threads, "temp_directory": str(spill)})


def with_seen(events: Path, cutoff: datetime) -> str:
    """The head of a query over the events before a cutoff."""
    return f"with seen as (select *, timestamp '{cutoff}' as cutoff from '{events}' where ts < timestamp '{cutoff}')"


def features_sql(events: Path, cutoff: datetime) -> str:
    """The query of the features at one cutoff."""
    return f"{with_seen(events, cutoff)} {FEATURES}"


def scan(events: Path, out: Path, threads: int) -> None:
    """Looks at every column once."""
    columns = "count(*), sum(amount), max(ts), count(distinct kind), count(distinct channel), sum(length(customer_id))"
    connect(threads, out / "spill").execute(f"select {columns} from '{events}'").fetchall()


def rfm(events: Path, out: Path, threads: int) -> None:
    """The plainest table of customers: last purchase, purchases, spend."""
    bought = "filter (kind = 'purchase')"
    columns = f"max(ts) {bought} as last, count(*) {bought} as purchases, sum(amount) {bought} as spend"
    query = f"select customer_id, {columns} from '{events}' group by customer_id"
    connect(threads, out / "spill").execute(f"copy ({query}) to '{out / 'rfm.parquet'}' {PARQUET}")


def features(events: Path, out: Path, threads: int, cutoffs: list[datetime]) -> None:
    """One file a cutoff. One query a cutoff is faster than one for all, whose windows and groups are twelve times as large."""
    connection = connect(threads, out / "spill")
    for cutoff in cutoffs:
        connection.execute(f"copy ({features_sql(events, cutoff)}) to '{out / file_of(cutoff)}' {PARQUET}")
