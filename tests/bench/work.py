"""The work that every side does: the features of every customer at cutoffs, named as in Lapwing's table where it has them."""

from datetime import datetime

# Twelve months; the features at one cutoff are those at the last.
CUTOFFS = [datetime(2023, month, 1) for month in range(7, 13)] + [datetime(2024, month, 1) for month in range(1, 7)]
WINDOWS = [7, 30, 90, 180, 365]
# Kinds of events that are counted in each window, and what the counts are called.
KINDS = {
    "purchase": "purchases",
    "return": "returns",
    "visit": "visits",
    "message_open": "opens",
    "cart_add": "carts",
    "ticket": "tickets",
}


def file_of(cutoff: datetime) -> str:
    """The file of a cutoff, as Lapwing names it."""
    return f"cutoff={cutoff:%Y-%m-%d}.parquet"
