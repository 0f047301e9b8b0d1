-- What died long ago is found without a look at all that waits.
CREATE INDEX outbox_by_death ON outbox (dead_us) WHERE dead_us IS NOT NULL;
