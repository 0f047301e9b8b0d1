-- When what a step follows from took place, where that was told; `at_us` is when the step counts.
ALTER TABLE alert_log ADD COLUMN happened_us BIGINT;

-- What came of news when they were first sent under a key, as JSON.
ALTER TABLE idempotency_keys ADD COLUMN answer TEXT;

-- Customers are filtered by whether they are held out too. Runs of before have no cells any more, and are read without.
ALTER TABLE run_cells ADD COLUMN held_out BIGINT;
DELETE FROM run_cells;
