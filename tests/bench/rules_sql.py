"""Lapwing's lifecycle in SQL, as `lifecycle.md` and the docs of `models/src/lifecycle` tell it: what `rules.py` checks the code against.

`events` holds customer_id, ts, kind, amount, category of what happened before the cutoff, each row once. The thresholds are those of a
bundle's `lifecycle.json`; what they are learned from is not repeated here.
"""

from datetime import datetime

INTERACTIONS = (
    "visit", "view", "search", "cart_add", "checkout", "coupon_redeem", "message_open", "message_click", "survey", "referral", "review",
)  # fmt: skip
CALLS = ("ticket", "complaint")
ANSWERS = ("message_open", "message_click")


def of(*kinds: str) -> str:
    """A condition on the kind."""
    return f"kind in ({', '.join(repr(kind) for kind in kinds)})"


def within(start: int, end: int = 0) -> str:
    """A condition: in `[cutoff - start days, cutoff - end days)`."""
    return f"ts >= cutoff - interval {start} day and ts < cutoff - interval {end} day"


def count(which: str, start: int, end: int = 0) -> str:
    """How many lie in a window."""
    return f"count(*) filter ({which} and {within(start, end)})"


def covers(since: str, days: int) -> str:
    """Whether data that begins at `since` covers the last `days` days; its first day counts whole."""
    return f"coalesce({since} < cutoff - interval {days - 1} day, false)"


def sign(known: str, raised: str) -> str:
    """True, false, or null where it is not known."""
    return f"case when {known} then coalesce({raised}, false) end"


def facts(cutoff: datetime) -> str:
    """Tables: one row with when the data begins to hold what, and one row a customer with what the rules ask."""
    first = lambda *kinds: f"min(ts) filter ({of(*kinds)})"  # noqa: E731
    own = of(*INTERACTIONS, "purchase", "return", *CALLS)
    named = f"category is not null and {of('purchase', *INTERACTIONS)}"
    return f"""
    seen as (select *, timestamp '{cutoff:%Y-%m-%d %H:%M:%S}' as cutoff from events where ts < timestamp '{cutoff:%Y-%m-%d %H:%M:%S}'),
    data as (select {first('purchase')} as purchases, {first('return')} as returns, {first('visit')} as visits,
        {first(*INTERACTIONS)} as interactions, {first('coupon_redeem')} as coupons, {first('message_sent')} as sent,
        {first(*ANSWERS)} as answers, {first(*CALLS)} as calls, {first('survey')} as surveys, {first('cart_add')} as carts,
        min(ts) filter ({of('purchase', 'return')} and amount is not null) as amounts,
        min(ts) filter (category is not null) as categories from seen),
    days as (select distinct customer_id, cutoff, ts::date as day from seen where kind = 'purchase'),
    gaps as (select *, day - lag(day) over (partition by customer_id order by day) as gap, cutoff::date - day as age from days),
    bought as (select customer_id, count(*) as p, min(age) as r, max(age) as first_age, max(gap) filter (age <= $returned_days) as returned_gap,
        count(*) filter (age <= 365) as p_year, count(*) filter (age <= $active_days) as p_active,
        case when count(*) >= 3 then median(gap) end as own_gap from gaps group by customer_id),
    priced as (select customer_id, ts, amount, row_number() over (partition by customer_id order by ts desc) as place
        from seen where kind = 'purchase' and amount is not null),
    orders as (select customer_id, avg(amount) filter (place <= 3) as last_value, avg(amount) filter (place > 3) as value_before,
        count(*) filter (place > 3) as orders_before, avg(amount) as order_value,
        coalesce(max(ts) filter (place = 3) = max(ts) filter (place = 4), false) as tied from priced group by customer_id),
    visits as (select customer_id, day, day - lag(day) over (partition by customer_id order by day) as gap,
        row_number() over (partition by customer_id order by day desc) as place
        from (select distinct customer_id, ts::date as day from seen where kind = 'visit')),
    visited as (select customer_id, avg(gap) filter (place <= 3) as last_gap, avg(gap) filter (place > 3) as gap_before, count(*) as visit_days
        from visits group by customer_id),
    answered as (select customer_id, arg_max(amount, ts) as points, (sum(amount) - arg_max(amount, ts)) / nullif(count(*) - 1, 0) as points_before
        from seen where kind = 'survey' and amount is not null group by customer_id),
    carts as (select cart.customer_id, count(*) filter ({within(30).replace('ts', 'cart.ts')}) as carts_now,
        count(*) filter ({within(210, 30).replace('ts', 'cart.ts')}) / 6.0 as carts_usual
        from seen as cart where cart.kind = 'cart_add' and not exists (from seen as p where p.customer_id = cart.customer_id
            and p.kind = 'purchase' and p.ts >= cart.ts and p.ts < cart.ts + interval 30 day) group by all),
    done as (select customer_id, cutoff, {count("kind = 'purchase'", 90)} as bought_now, {count("kind = 'purchase'", 180, 90)} as bought_before,
        count(*) filter (kind = 'purchase' and ts < cutoff - interval 90 day) as bought_ever, {count("kind = 'return'", 90)} as returned_now,
        count(*) filter (kind = 'return' and ts < cutoff - interval 90 day) as returned_ever,
        coalesce(sum(amount) filter (kind = 'purchase' and {within(90)}), 0) as spend_now,
        {count("kind = 'purchase' and amount is not null", 90)} as priced_now,
        coalesce(sum(amount) filter (kind = 'purchase' and {within(455, 90)}), 0) as spend_year,
        {count("kind = 'purchase'", 455, 90)} as bought_year, {count("kind = 'purchase' and amount is not null", 455, 90)} as priced_year,
        coalesce(sum(amount) filter (kind = 'purchase' and {within(365)}), 0) as spend_365d,
        {count("kind = 'purchase'", 365)} as bought_365d, {count("kind = 'purchase' and amount is not null", 365)} as priced_365d,
        {count(of(*INTERACTIONS), 30)} as acts, {count(of(*INTERACTIONS), 210, 30)} / 6.0 as acts_before, bool_or({of(*INTERACTIONS)}) as engaged,
        {count("kind = 'coupon_redeem'", 90)} as coupons_now, {count("kind = 'coupon_redeem'", 180, 90)} as coupons_before,
        coalesce(max(ts) filter ({own}), min(ts)) as last_own, max(ts) filter (kind = 'message_sent') as last_sent,
        {count("kind = 'message_sent'", 60)} as sent_60d, {count(of(*ANSWERS), 60)} as answers_60d,
        {count(of(*CALLS), 30)} as calls_now, {count(of(*CALLS), 210, 30)} / 6.0 as calls_usual,
        count(distinct category) filter ({named} and {within(90)}) as names_now,
        count(distinct category) filter ({named} and {within(180, 90)}) as names_before from seen group by customer_id, cutoff)
    """


def share(returns: str, purchases: str) -> str:
    """The share of returns."""
    return f"{returns} / nullif({returns} + {purchases}, 0)"


def rules() -> dict[str, str]:
    """What is checked, by column of the score table."""
    # 20 % below a mean is 20 % below it, however the mean was rounded.
    most = lambda limit: f"({limit}) * (1 + 1e-9)"  # noqa: E731
    cycle = "coalesce(own_gap, $norm_gap_days)"
    late = f"r > $overdue_ratio * {cycle}"
    missed = f"r >= $missed_cycles * {cycle}"
    drop = "acts < (1 - $activity_drop) * acts_before"
    active = "data.interactions <= cutoff - interval 210 day"
    year = "greatest(data.purchases, data.amounts)"
    covered = f"epoch_us(cutoff - interval 90 day) - epoch_us({year})"
    scale = f"case when {covers(year, 455)} then 1 else 365 * 86400e6 / ({covered}) end"
    half = f"({covers(year, 455)} or {covered} >= 182.5 * 86400e6)"
    spent = "(bought_now = 0 or priced_now > 0) and (bought_year = 0 or priced_year > 0)"
    spend = f"spend_year * {scale} * 90 / 365"
    silent = "cutoff - interval ($silent_days) day"
    since_silent = f"greatest(data.sent, data.interactions) <= {silent}"
    unusual = lambda now, usual, since, least: sign(  # noqa: E731
        f"{covers(since, 30)} and ({now} < {least} or {covers(since, 210)})", f"{now} >= {least} and {now} > {usual}"
    )
    carts = "greatest(data.carts, data.purchases)"
    returned, returned_before = share("returned_now", "bought_now"), share("returned_ever", "bought_ever")
    high = "(coalesce(order_value > $high_value_order, false) or coalesce(value_tier = 'top', false))"
    slight = f"(p = 1 or p = 2 and not {high})"
    return {
        "stage": f"""case when p is null then 'prospect' when r >= $churned_after_days then 'churned'
            when r >= $dormant_after_days then 'dormant' when returned_gap >= $dormant_after_days then 'returned'
            when p = 1 and first_age <= $new_days then 'new'
            when {late} or {missed} or {active} and acts_before > 0 and {drop} then 'slipping'
            when p_year >= $loyal_purchases then 'loyal' when p_active >= $active_purchases then 'active' else 'retained' end""",
        "phase": """case stage when 'prospect' then case when engaged then 'consideration' else 'awareness' end when 'new' then 'formation'
            when 'slipping' then 'decline' when 'dormant' then 'decline' when 'churned' then 'decline' else 'stability' end""",
        "segment": f"""case when p is null then null when r >= $d3 then 'about_to_lose'
            when r >= $d2 then case when {slight} then 'at_risk' else 'cant_lose' end
            when r >= $d1 then case when {slight} then 'needs_nurturing' else 'high_potential' end
            when p < 3 then 'recent' when {high} then 'champion' else 'loyal' end""",
        "value_tier": f"""case when p is null or bought_365d > 0 and priced_365d = 0 or data.amounts is null then null when spend_365d > {most("$top")} then 'top'
            when spend_365d > {most('$middle')} then 'middle' else 'low' end""",
        "sign_overdue": sign(f"p is not null and {cycle} is not null", late),
        "sign_missed_cycles": sign(f"p is not null and {cycle} is not null", missed),
        "sign_purchase_rate_drop": sign(covers("data.purchases", 180), "bought_before >= $purchase_rate_least and bought_now <= $purchase_rate_ratio * bought_before"),
        "sign_order_value_drop": sign("orders_before >= $order_value_least and data.amounts is not null", f"value_before > 0 and last_value <= {most('(1 - $order_value_drop) * value_before')}"),
        "sign_spend_drop": sign(f"{half} and {spent}", f"{spend} > 0 and spend_now <= {most(f'(1 - $spend_drop) * {spend}')}"),
        "sign_activity_drop": sign(active, drop),
        "sign_visit_gap_longer": sign("visit_days >= 5", f"last_gap > {most('$visit_gap_ratio * gap_before')}"),
        "sign_coupon_use_drop": sign(covers("data.coupons", 180), "coupons_before >= $coupon_use_least and coupons_now <= $coupon_use_ratio * coupons_before"),
        "sign_silent": sign(since_silent, f"last_own < {silent} and last_sent >= {silent}"),
        "sign_unresponsive": sign(f"{covers('data.sent', 60)} and {covers('data.answers', 60)}", "sent_60d >= $unresponsive_messages and answers_60d = 0"),
        "sign_complaints_up": unusual("calls_now", "calls_usual", "data.calls", "$complaints_least"),
        "sign_low_satisfaction": sign("points is not null", "points <= $detractor_points or points <= points_before - $satisfaction_drop + 1e-9"),
        "sign_returns_up": sign(
            f"data.purchases is not null and {covers('data.returns', 90)} and (returned_now < $returns_least or {returned_before} is not null)",
            f"returned_now >= $returns_least and {returned} > {most(returned_before)}",
        ),
        "sign_cart_abandonment": sign(
            f"{covers('data.carts', 30)} and data.purchases is not null and (coalesce(carts_now, 0) < $carts_least or {covers(carts, 210)})",
            "carts_now >= $carts_least and carts_now > carts_usual",
        ),
        "sign_breadth_shrinking": sign(covers("data.categories", 180), "names_before >= $breadth_least and names_now <= $breadth_ratio * names_before"),
    }  # fmt: skip


# Which orders are the last three is not told by their times where the third and the fourth happened at one instant.
UNCLEAR = {"sign_order_value_drop": "theirs.tied"}


def query(cutoff: datetime, thresholds: dict) -> str:
    """One row a customer with what the rules give."""
    tiers, days = thresholds["value_tiers"] or {}, thresholds["segment_days"]
    names = {**thresholds, **thresholds["signs"], "d1": days[0], "d2": days[1], "d3": days[2], "top": tiers.get("top"), "middle": tiers.get("middle")}
    columns = ", ".join(f"{rule} as {name}" for name, rule in sorted(rules().items(), key=lambda rule: rule[0] != "value_tier"))
    joined = " ".join(f"left join {table} using (customer_id)" for table in ("bought", "orders", "visited", "answered", "carts"))
    text = f"with {facts(cutoff)} select customer_id, coalesce(tied, false) as tied, {columns} from done cross join data {joined}"
    for name in sorted(names, key=len, reverse=True):
        value = names[name]
        if value is None or isinstance(value, (int, float)):
            text = text.replace(f"${name}", "null::double" if value is None else repr(value))
    return text


def retention(cutoff: datetime) -> str:
    """Of those who first bought in a month, who bought in each month after; null where that month was not over."""
    return f"""
    with bought as (select distinct customer_id, date_trunc('month', ts)::date as month from events where kind = 'purchase' and ts < timestamp '{cutoff}'),
    firsts as (select customer_id, min(month) as first from bought group by 1),
    over as (select date_trunc('month', max(ts)::date + 1)::date as running from events where kind in ('purchase', 'return') and ts < timestamp '{cutoff}'),
    cohorts as (select first, count(*) as customers from firsts group by 1),
    grid as (select first, customers, unnest(range(datediff('month', first, running) + 1)) as months_after, running from cohorts, over),
    counted as (select first, datediff('month', first, month) as months_after, count(*) as buyers from bought join firsts using (customer_id) group by 1, 2)
    select strftime(first, '%Y-%m') as cohort_month, customers, months_after, first + to_months(months_after::int) < running as is_over,
        case when is_over then coalesce(buyers, 0) end as buyers, case when is_over then round(coalesce(buyers, 0) / customers, 9) end as share
    from grid left join counted using (first, months_after)"""
