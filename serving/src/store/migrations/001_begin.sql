-- {key} is a text that sorts by its bytes.
CREATE TABLE lapwing_meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);

-- Numbers of runs that are being loaded, of which nobody knows yet; what a publication leaves behind that was killed.
CREATE TABLE loads (seq BIGINT NOT NULL PRIMARY KEY, begun_us BIGINT NOT NULL);

-- One row a published scoring run; its customers are in the table run_SEQ. The one with the greatest number is read.
CREATE TABLE runs (
    seq BIGINT NOT NULL PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    as_of_us BIGINT NOT NULL,
    model_version TEXT NOT NULL,
    horizon_days BIGINT NOT NULL,
    customers BIGINT NOT NULL,
    published_us BIGINT NOT NULL,
    outcome TEXT NOT NULL
);

-- Of each published run: customers and what is at stake by stage and risk band, and who changed stage since the run before.
CREATE TABLE run_counts (
    seq BIGINT NOT NULL,
    stage TEXT NOT NULL,
    risk_band TEXT NOT NULL,
    customers BIGINT NOT NULL,
    clv_365d DOUBLE PRECISION NOT NULL,
    at_stake DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (seq, stage, risk_band)
);
CREATE TABLE run_moves (
    seq BIGINT NOT NULL,
    stage_before TEXT NOT NULL,
    stage_after TEXT NOT NULL,
    customers BIGINT NOT NULL,
    PRIMARY KEY (seq, stage_before, stage_after)
);

-- What alert_log makes of each alert; whoever replays that gets this.
CREATE TABLE alerts (
    alert_id {key} NOT NULL PRIMARY KEY,
    customer_id {key} NOT NULL,
    run_id TEXT NOT NULL,
    as_of_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    opened_us BIGINT NOT NULL,
    due_us BIGINT NOT NULL,
    deadline_us BIGINT,
    contacted_us BIGINT,
    ended_us BIGINT,
    calm BIGINT NOT NULL,
    stage TEXT,
    segment TEXT,
    churn_probability DOUBLE PRECISION NOT NULL,
    clv_365d DOUBLE PRECISION,
    at_stake DOUBLE PRECISION NOT NULL,
    warnings TEXT NOT NULL,
    reasons TEXT NOT NULL,
    action TEXT,
    campaign TEXT,
    held_out BIGINT,
    because TEXT,
    with_contact BIGINT
);
CREATE UNIQUE INDEX alerts_one_at_a_time ON alerts (customer_id) WHERE ended_us IS NULL;
CREATE INDEX alerts_of_customer ON alerts (customer_id, opened_us);
CREATE INDEX alerts_by_due ON alerts (due_us, at_stake DESC, alert_id);
CREATE INDEX alerts_live_by_due ON alerts (due_us, at_stake DESC, alert_id) WHERE ended_us IS NULL;
CREATE INDEX alerts_by_deadline ON alerts (deadline_us) WHERE deadline_us IS NOT NULL;

-- Nothing here is ever changed. The same token twice for one alert is the same news.
CREATE TABLE alert_log (
    alert_id {key} NOT NULL,
    step BIGINT NOT NULL,
    token TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    recorded_us BIGINT NOT NULL,
    deed TEXT NOT NULL,
    contacted_us BIGINT,
    because TEXT,
    with_contact BIGINT,
    actor TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (alert_id, step),
    UNIQUE (alert_id, token)
);

-- Customers who are not to come back, under a salt of this store.
CREATE TABLE forgotten (customer_hash TEXT NOT NULL PRIMARY KEY, at_us BIGINT NOT NULL);

-- Who was assigned to a campaign, on which side of the lot, and how the customer stood then.
CREATE TABLE exposures (
    campaign {key} NOT NULL,
    customer_id {key} NOT NULL,
    at_us BIGINT NOT NULL,
    held_out BIGINT NOT NULL,
    contacted BIGINT NOT NULL,
    stage TEXT,
    segment TEXT,
    value_tier TEXT,
    PRIMARY KEY (campaign, customer_id)
);
CREATE INDEX exposures_of_customer ON exposures (customer_id);

-- What such customers bought, as far as it is told.
CREATE TABLE purchases (
    customer_id {key} NOT NULL,
    at_us BIGINT NOT NULL,
    amount DOUBLE PRECISION,
    PRIMARY KEY (customer_id, at_us)
);
