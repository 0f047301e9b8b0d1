"""Writes a made-up event history, the same for the same numbers.

    python events.py EVENTS CUSTOMERS OUT

Three years from 2022-01-01 in the order of time, so that no customer's rows lie together; a few customers do much and most do
little. Columns: customer_id, ts (whole seconds), kind, amount (of purchases and returns only), channel.
"""

import sys
from pathlib import Path

import duckdb

ROW_GROUP = 1_000_000
# Names of so many are written as numbers, which no file of millions of events has: an event costs as many bytes in files of any size.
DISTINCT = 20_000
SQL = """
copy (
  with drawn as (
    select i,
           'C' || lpad(floor({customers} * pow(draw(i, 0), 1.7))::bigint::varchar, 9, '0') as customer_id,
           timestamp '2022-01-01' + to_seconds(floor(draw(i, 1) * 1096 * 86400)::bigint) as ts,
           draw(i, 2) as act, draw(i, 3) as value, draw(i, 4) as place
    from range({events}) as numbers(i))
  select customer_id, ts,
         case when act < 0.25 then 'purchase' when act < 0.28 then 'return' when act < 0.70 then 'visit'
              when act < 0.85 then 'message_open' when act < 0.95 then 'cart_add' when act < 0.98 then 'ticket'
              else 'survey' end as kind,
         case when act < 0.25 then round(exp(3 + 2 * value), 2) when act < 0.28 then -round(exp(3 + value), 2) end as amount,
         case when place < 0.5 then 'web' when place < 0.8 then 'app' else 'store' end as channel
  from drawn order by ts, i
) to '{out}' (format parquet, compression zstd, row_group_size {row_group}, dictionary_size_limit {distinct})
"""


def write(events: int, customers: int, out: Path) -> None:
    """Writes the file whole or not at all; what does not fit into memory waits beside it."""
    part = out.with_suffix(".part")
    connection = duckdb.connect(config={"temp_directory": str(out.with_suffix(".spill"))})
    # A hash of the row's number instead of a random generator: the same rows for any number of threads.
    connection.execute("create macro draw(i, salt) as (hash(i * 8 + salt) >> 11)::double / 9007199254740992")
    connection.execute(SQL.format(events=events, customers=customers, out=part, row_group=ROW_GROUP, distinct=DISTINCT))
    part.rename(out)


if __name__ == "__main__":
    write(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
