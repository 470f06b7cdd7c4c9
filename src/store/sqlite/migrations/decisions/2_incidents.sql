-- What is remembered from one evaluation to the next. Moments are milliseconds since 1970 in UTC, amounts bytes.
-- A target is its kind (account, unattributed, sub_user, domain, subscription), its key and its product.
CREATE TABLE budgets (
    name TEXT PRIMARY KEY,
    per TEXT NOT NULL,
    amount TEXT NOT NULL,
    period TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The place of a threshold is its bit in `tracks.latched`.
CREATE TABLE thresholds (
    budget TEXT NOT NULL,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (budget, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE unjudged (
    budget TEXT NOT NULL,
    account TEXT NOT NULL,
    reason TEXT NOT NULL,
    targets INTEGER NOT NULL,
    PRIMARY KEY (budget, account, reason)
) STRICT, WITHOUT ROWID;

-- Only of targets with which something is or was the matter in this period.
CREATE TABLE tracks (
    budget TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    first_judged INTEGER NOT NULL,
    period INTEGER,
    highest INTEGER NOT NULL,
    last INTEGER NOT NULL,
    settles_below INTEGER NOT NULL,
    amount INTEGER,
    granted INTEGER NOT NULL,
    latched INTEGER NOT NULL,
    pending TEXT NOT NULL,
    missing INTEGER,
    PRIMARY KEY (budget, account, kind, target, product)
) STRICT, WITHOUT ROWID;

CREATE TABLE incidents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    budget TEXT NOT NULL,
    threshold TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    borne_out INTEGER NOT NULL,
    used INTEGER,
    amount INTEGER,
    ended_at INTEGER,
    ended TEXT,
    acked_at INTEGER,
    acked_by TEXT
) STRICT;

CREATE INDEX incidents_open ON incidents (budget, account, kind, target, product) WHERE ended_at IS NULL;
CREATE INDEX incidents_by_end ON incidents (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    period INTEGER,
    plan INTEGER,
    outage INTEGER,
    total TEXT,
    total_moved INTEGER,
    total_looked INTEGER,
    sub_users TEXT,
    sub_users_moved INTEGER,
    sub_users_looked INTEGER,
    stuck TEXT,
    stuck_since INTEGER
) STRICT, WITHOUT ROWID;

-- What happened beside incidents that began and ended.
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    budget TEXT,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    words TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_time ON events (at);

-- `until` is a moment, or nothing for the end of the period that started at `period`.
CREATE TABLE grants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    budget TEXT NOT NULL,
    account TEXT NOT NULL,
    target TEXT NOT NULL,
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    given_at INTEGER NOT NULL,
    given_by TEXT NOT NULL,
    until INTEGER,
    period INTEGER
) STRICT;
