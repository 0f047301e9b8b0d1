-- Who is told what becomes of alerts. Secrets are as `--store-key` sealed them, or plain without it.
CREATE TABLE receivers (
    receiver_id {key} NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,
    allow_private BIGINT NOT NULL,
    secret TEXT NOT NULL,
    old_secret TEXT,
    old_until_us BIGINT,
    added_us BIGINT NOT NULL,
    disabled_us BIGINT,
    why TEXT,
    sent BIGINT NOT NULL,
    failed BIGINT NOT NULL
);

-- What is to be told to whom, written with the step of the alert that it tells of; what was taken is gone. Whoever delivers moves `next_us`
-- behind the end of its lease, so that nobody else delivers the same until then. Without `next_us` it is dead.
CREATE TABLE outbox (
    message_id {key} NOT NULL PRIMARY KEY,
    receiver_id {key} NOT NULL,
    alert_id {key} NOT NULL,
    customer_id {key} NOT NULL,
    kind TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    body TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_us BIGINT,
    lease TEXT,
    dead_us BIGINT,
    why TEXT
);
CREATE INDEX outbox_by_next ON outbox (receiver_id, next_us);
CREATE INDEX outbox_of_customer ON outbox (customer_id);
