-- `rolled_to` is the last block that is in `days`; `hourly_from` the first day that may still hold hours.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    rolled_to INTEGER NOT NULL DEFAULT 0,
    hourly_from INTEGER NOT NULL DEFAULT -1000000
) STRICT;

-- Blocks and days name a subject by its seat, a small number within the account.
CREATE TABLE subjects (
    account INTEGER NOT NULL,
    seat INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (account, seat),
    UNIQUE (account, kind, name, detail)
) STRICT, WITHOUT ROWID;

-- The journal: a row a pass, account and 4,096 seats, holding what changed. Moments are milliseconds since 1970.
CREATE TABLE blocks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    observed INTEGER NOT NULL,
    block BLOB NOT NULL
) STRICT;

CREATE INDEX blocks_by_time ON blocks (account, chunk, observed);

-- Keyed by day first: what one roll-up writes lies together. Days are counted from 1970 in UTC.
CREATE TABLE days (
    account INTEGER NOT NULL,
    day INTEGER NOT NULL,
    seat INTEGER NOT NULL,
    used BLOB NOT NULL,
    PRIMARY KEY (account, day, seat)
) STRICT, WITHOUT ROWID;
