//! Reads events at scale and writes tables.
