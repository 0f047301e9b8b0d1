-- Until when the histories tell that are kept beside a run, in its table history_SEQ: one row a customer. Null where none are.
ALTER TABLE runs ADD COLUMN history_until_us BIGINT;
ALTER TABLE loads ADD COLUMN history_until_us BIGINT;
