-- Warnings that the cooldown held back at the last publication, as JSON; the next one says which of them still stand.
CREATE TABLE held_warnings (customer_id {key} NOT NULL PRIMARY KEY, warnings TEXT NOT NULL);

-- Under which keys callers sent news of an alert, and the digest of what they sent.
CREATE TABLE idempotency_keys (
    alert_id {key} NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (alert_id, name)
);

-- Every combination of what customers are filtered by that a run holds; each of its customers has the number of its own. Runs that an
-- older build published have none.
CREATE TABLE run_cells (
    seq BIGINT NOT NULL,
    cell BIGINT NOT NULL,
    population TEXT,
    stage TEXT,
    segment TEXT,
    risk_band TEXT,
    value_tier TEXT,
    PRIMARY KEY (seq, cell)
);

-- What the playbook had for the customer when it was assigned, where that is of the campaign: it may cost more or less than others.
ALTER TABLE exposures ADD COLUMN action TEXT;
