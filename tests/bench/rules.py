"""Checks the lifecycle of every customer against SQL: stage, phase, segment, value tier and the fifteen signs; and cohort retention.

    python rules.py OUT

LAPWING_BIN: the folder with the binaries. Two data sets are fitted and scored into OUT: the shipped orders, and a made-up history with
events of every kind. Prints a table of what differs and ends with 1, or prints what was checked.
"""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb

import rules_sql

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "notebooks-data/online_retail_orders.parquet"
# Every kind but `other`, and how often it is drawn; half-days, so that events meet and windows end on events.
MADE_UP = """
copy (
  with drawn as (select i, 'C' || floor(2000 * pow(draw(i, 0), 1.5))::bigint as customer_id, draw(i, 2) as act, draw(i, 3) as value,
      timestamp '2022-06-01' + to_hours(12 * floor(draw(i, 1) * 1462)::bigint) as ts from range(80000) as numbers(i))
  select customer_id, ts, kind, case when kind = 'purchase' and value < 0.9 then round(exp(3 + 2 * value), 2)
      when kind = 'return' then -round(exp(3 + value), 2) when kind = 'survey' and value < 0.9 then floor(11 * draw(i, 5)) end as amount,
      case when draw(i, 6) < 0.7 then 'K' || floor(6 * draw(i, 7))::bigint end as category
  from (select *, list_extract(['purchase', 'purchase', 'purchase', 'return', 'visit', 'visit', 'view', 'search', 'cart_add', 'checkout',
      'coupon_redeem', 'message_sent', 'message_sent', 'message_open', 'message_click', 'ticket', 'complaint', 'survey', 'referral',
      'review'], 1 + floor(20 * act)::bigint) as kind from drawn)
  order by ts, i
) to '{out}' (format parquet)
"""
SHIPPED_EVENTS = """select distinct customer_id, ts, case when amount > 0 then 'purchase' when amount < 0 then 'return' else 'other' end as kind,
    amount, null::varchar as category, order_id from read_parquet('{path}')"""
MADE_UP_EVENTS = "select distinct * from read_parquet('{path}')"
CASES = [
    ("shipped orders", SHIPPED_EVENTS, [datetime(2011, 12, 10), datetime(2011, 9, 1), datetime(2011, 6, 1)]),
    ("every kind", MADE_UP_EVENTS, [datetime(2024, 6, 1), datetime(2023, 7, 1)]),
]


def lapwing(program: str, *words: object) -> None:
    """Runs a binary."""
    subprocess.run([str(Path(os.environ["LAPWING_BIN"]) / program), *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def differences(connection: duckdb.DuckDBPyConnection, case: str, cutoff: datetime) -> tuple[list[str], list[str]]:
    """What differs, and what was found of each sign."""
    rows, told = [], []
    unpaired = connection.execute("select count(*) from ours full join theirs using (customer_id) where ours.stage is null or theirs.stage is null")
    if missing := unpaired.fetchall()[0][0]:
        rows.append(f"| {case} | {cutoff:%Y-%m-%d} | customers | {missing} | in one table only | | |")
    for name in rules_sql.rules():
        pair = f"ours.{name} is distinct from theirs.{name} and not {rules_sql.UNCLEAR.get(name, 'false')}"
        found = f"count(*), min_by(struct_pack(id := customer_id, o := ours.{name}, t := theirs.{name}), customer_id)"
        count, example = connection.execute(f"select {found} from ours join theirs using (customer_id) where {pair}").fetchall()[0]
        if count:
            rows.append(f"| {case} | {cutoff:%Y-%m-%d} | `{name}` | {count} | {example['id']} | {example['o']} | {example['t']} |")
        values = connection.execute(f"select coalesce({name}::varchar, 'null'), count(*) from ours group by 1 order by 1").fetchall()
        told.append(f"{case}, {cutoff:%Y-%m-%d}, {name}: " + ", ".join(f"{count} {value}" for value, count in values))
    return rows, told


def retention_differences(connection: duckdb.DuckDBPyConnection, case: str, cutoff: datetime, table: Path) -> list[str]:
    """The months of cohorts that differ."""
    columns = "cohort_month, customers, months_after, buyers, share"
    ours = f"select cohort_month, customers, months_after, buyers, round(share, 9) as share from read_parquet('{table}')"
    theirs = f"select {columns} from ({rules_sql.retention(cutoff)})"
    wrong = connection.execute(f"select count(*), min(cohort_month) from ((({ours}) except ({theirs})) union all (({theirs}) except ({ours})))").fetchall()[0]
    return [f"| {case} | {cutoff:%Y-%m-%d} | retention | {wrong[0]} | {wrong[1]} | | |"] if wrong[0] else []


def main(out: Path) -> int:
    """The exit code."""
    out.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("create macro draw(i, salt) as (hash(i * 8 + salt) >> 11)::double / 9007199254740992")
    made_up = out / "made-up.parquet"
    connection.execute(MADE_UP.format(out=made_up))
    rows, told = [], []
    for (case, events, cutoffs), path in zip(CASES, (SHIPPED, made_up), strict=True):
        connection.execute(f"create or replace table events as {events.format(path=path)}")
        for cutoff in cutoffs:
            bundle, scores = out / f"{case}-{cutoff:%Y%m%d}", out / f"{case}-{cutoff:%Y%m%d}.parquet"
            lapwing("lapwing-train", "fit", "--events", path, "--as-of", f"{cutoff:%Y-%m-%d}", "--out", bundle)
            lapwing("lapwing-serve", "score", "--bundle", bundle, "--events", path, "--as-of", f"{cutoff:%Y-%m-%d}", "--out", scores)
            thresholds = json.loads((bundle / "lifecycle.json").read_text())
            connection.execute(f"create or replace table ours as from read_parquet('{scores}')")
            connection.execute(f"create or replace table theirs as {rules_sql.query(cutoff, thresholds)}")
            found, of_cutoff = differences(connection, case, cutoff)
            insights = out / f"{case}-{cutoff:%Y%m%d}-insights"
            lapwing("lapwing-train", "insights", "--events", path, "--bundle", bundle, "--as-of", f"{cutoff:%Y-%m-%d}", "--out", insights)
            found += retention_differences(connection, case, cutoff, insights / "retention_by_month.parquet")
            rows, told = rows + found, told + of_cutoff
    if rows:
        print("| data | cutoff | column | customers | such as | Lapwing | SQL |\n|---|---|---|---|---|---|---|")
        print("\n".join(rows))
        return 1
    print("\n".join(told))
    print("stage, phase, segment, value tier and signs of every customer, and the retention of every cohort, are those of the SQL")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
