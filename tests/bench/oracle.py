"""Lapwing's features in SQL, as the README's table tells them: what the comparison checks them against.

`seen` holds the events before the column `cutoff`. Left out are features that these events do not have, and those whose ties or
trends SQL could only tell by repeating the code.
"""

from work import WINDOWS

BOUGHT = "filter (kind = 'purchase')"
INTERACTED = "filter (kind in ('visit', 'cart_add', 'message_open', 'survey'))"
PLACED = "filter (kind in ('purchase', 'visit', 'cart_add', 'message_open', 'survey'))"


def days(instant: str) -> str:
    """Days from an instant to the cutoff."""
    return f"(epoch_us(cutoff) - epoch_us({instant})) / 86400e6"


def count(which: str, start: int, end: int = 0) -> str:
    """How many lie in `[cutoff - start days, cutoff - end days)`."""
    window = f"ts >= cutoff - interval {start} day and ts < cutoff - interval {end} day"
    return f"count(*) {which.removesuffix(')')} and {window})"


def change(now: str, before: str) -> str:
    """The step between two numbers over their sum."""
    return f"({now} - {before}) / nullif({now} + {before}, 0)"


def halved(what: str, which: str, half_life: int) -> str:
    """A sum that is halved in weight every `half_life` days."""
    return f"coalesce(sum({what} * pow(2, -({days('ts')}) / {half_life})) {which}, 0)"


def windowed(length: int) -> dict[str, str]:
    """The features of the last `length` days."""
    now, before = count(BOUGHT, length), count(BOUGHT, 2 * length, length)
    pace = f"{now} * (tenure_days - {length}) / ((purchases_count - {now}) * {length})"
    features = {
        f"purchases_{length}d_count": now,
        f"spend_{length}d_sum": f"coalesce(sum(amount) filter (kind = 'purchase' and ts >= cutoff - interval {length} day), 0)",
        f"purchases_{length}d_pace_ratio": f"case when tenure_days >= {2 * length} then {pace} end",
    }
    # Seen from the first cutoff, the data does not reach back for two years.
    return features if length == 365 else features | {f"purchases_{length}d_change": change(now, before)}


def decayed(half_life: int) -> dict[str, str]:
    """The features of one half-life."""
    return {
        f"purchases_decayed_{half_life}d": halved("1", BOUGHT, half_life),
        f"spend_decayed_{half_life}d": halved("amount", BOUGHT, half_life),
        f"interactions_decayed_{half_life}d": halved("1", INTERACTED, half_life),
    }


BY_EVENT = {
    "purchases_count": f"count(*) {BOUGHT}",
    "tenure_days": days(f"min(ts) {BOUGHT}"),
    "days_since_last_purchase": days(f"max(ts) {BOUGHT}"),
    "repeat_purchases_count": "greatest(purchases_count - 1, 0)",
    "one_time_buyer": "case when purchases_count > 0 then (purchases_count = 1)::int end",
    "last_purchase_tenure_ratio": "days_since_last_purchase / tenure_days",
    "purchases_30d_pace": "case when purchases_count > 0 then purchases_count * 30 / greatest(tenure_days, 30) end",
    "spend_sum": f"coalesce(sum(amount) {BOUGHT}, 0)",
    "order_value_mean": f"avg(amount) {BOUGHT}",
    "order_value_std": f"stddev_samp(amount) {BOUGHT}",
    "order_value_median": f"median(amount) {BOUGHT}",
    "order_value_max": f"max(amount) {BOUGHT}",
    "top_order_share": "order_value_max / spend_sum",
    "returns_count": "count(*) filter (kind = 'return')",
    "returns_90d_count": count("filter (kind = 'return')", 90),
    "returns_per_purchase_ratio": "returns_count / nullif(purchases_count, 0)",
    "returned_value_share": "coalesce(-sum(amount) filter (kind = 'return'), 0) / nullif(spend_sum, 0)",
    "days_since_last_return": days("max(ts) filter (kind = 'return')"),
    "visits_30d_count": count("filter (kind = 'visit')", 30),
    "visits_90d_count": count("filter (kind = 'visit')", 90),
    "carts_30d_count": count("filter (kind = 'cart_add')", 30),
    "tickets_90d_count": count("filter (kind = 'ticket')", 90),
    "days_since_last_visit": days("max(ts) filter (kind = 'visit')"),
    "days_since_last_ticket": days("max(ts) filter (kind = 'ticket')"),
    "days_since_last_interaction": days(f"max(ts) {INTERACTED}"),
    "interactions_30d_count": count(INTERACTED, 30),
    "interactions_30d_change": change(count(INTERACTED, 30), f"{count(INTERACTED, 210, 30)} / 6"),
    "channels_count": f"nullif(count(distinct channel) {PLACED}, 0)",
    "channel_entropy": f"case when channels_count > 0 then ln(2) * entropy(channel) {PLACED} end",
    "weekend_purchases_share": f"avg((isodow(ts) >= 6)::int) {BOUGHT}",
    "purchases_same_90d_last_year_count": count(BOUGHT, 365, 275),
} | {name: sql for length in WINDOWS for name, sql in windowed(length).items()}
BY_EVENT |= {name: sql for half_life in (30, 90) for name, sql in decayed(half_life).items()}

BY_PURCHASE_DAY = {
    "purchase_days_count": "count(*)",
    "gap_days_mean": "avg(gap)",
    "gap_days_std": "stddev_samp(gap)",
    "gap_days_median": "median(gap)",
    "gap_days_last": "arg_max(gap, day)",
    "gap_days_max": "max(gap)",
    "gap_days_cv": "gap_days_std / gap_days_mean",
    "overdue_ratio": "case when count(gap) >= 2 then any_value(pause) / gap_days_median end",
    "missed_cycles_count": "floor(overdue_ratio)",
    "shorter_gaps_share": "count(*) filter (gap < pause) / nullif(count(gap), 0)",
    "btyd_recency_days": "max(day) - min(day)",
    "btyd_repeat_days_count": "count(*) - 1",
    "btyd_age_days": "any_value(cutoff)::date - min(day)",
    "btyd_value_mean": "sum(spend) filter (gap is not null) / nullif(count(gap), 0)",
}


def listed(features: dict[str, str]) -> str:
    """The columns of a select."""
    return ", ".join(f"{sql} as {name}" for name, sql in features.items())


ORACLE = f"""
  , by_event as (select customer_id, cutoff, {listed(BY_EVENT)} from seen group by customer_id, cutoff)
  , purchase_days as (select customer_id, cutoff, ts::date as day, sum(amount) as spend
                      from seen where kind = 'purchase' group by all)
  , gaps as (select d.*, day - lag(day) over (partition by customer_id order by day) as gap, days_since_last_purchase as pause
             from purchase_days d join by_event using (customer_id))
  , by_purchase_day as (select customer_id, {listed(BY_PURCHASE_DAY)} from gaps group by customer_id)
  , by_visit_day as (select customer_id, (max(ts::date) - min(ts::date)) / nullif(count(distinct ts::date) - 1, 0) as visit_gap_days_mean
                     from seen where kind = 'visit' group by customer_id)
  , open_carts as (select customer_id, count(*) as open_carts_30d_count
                   from seen join by_event using (customer_id, cutoff)
                   where kind = 'cart_add' and ts >= cutoff - interval 30 day
                     and coalesce({days("ts")} < days_since_last_purchase, true) group by customer_id)
  select * replace (coalesce(open_carts_30d_count, 0) as open_carts_30d_count, coalesce(purchase_days_count, 0) as purchase_days_count)
  from by_event left join by_purchase_day using (customer_id) left join by_visit_day using (customer_id)
       left join open_carts using (customer_id)
"""
