-- What is done at the vendors. Moments are milliseconds since 1970 in UTC, amounts bytes.
-- A sub-user is its key in `target` (the vendor's id, or the name where there is none), its product and its name.
-- A record is three words, such as `active 50000000000 yes`: `active` or `disabled`; the limit in bytes, `unlimited`,
-- `blocked`, or `-` where the vendor does not say; `yes`, `no` or `-` for whether the vendor cuts off there.
-- A change is the same, with `-` for what it does not name.

-- `what` is `freeze`, `limit 5`, `standing_cap 5` or `restore period_end`; `ended_as` is why, where `stage` is `ended`.
-- The part of a budget is `threshold` with a name, or `standing_cap` with none. A number is never given twice.
CREATE TABLE actions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    target TEXT NOT NULL,
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    vendor_id TEXT NOT NULL,
    budget TEXT NOT NULL,
    part TEXT NOT NULL,
    threshold TEXT NOT NULL,
    what TEXT NOT NULL,
    mode TEXT NOT NULL,
    stage TEXT NOT NULL,
    ended_as TEXT,
    hash TEXT NOT NULL,
    proposed INTEGER NOT NULL,
    not_before INTEGER,
    expires INTEGER,
    period INTEGER,
    incident INTEGER,
    amount INTEGER,
    pace INTEGER NOT NULL,
    record_before TEXT,
    record_after TEXT,
    asked_by TEXT NOT NULL,
    blocked TEXT,
    tries INTEGER NOT NULL,
    written INTEGER,
    ended INTEGER,
    latched INTEGER NOT NULL
) STRICT;

CREATE INDEX actions_by_end ON actions (ended) WHERE ended IS NOT NULL;

-- A row a sub-user on which something of ours stands. `own` is the person's own record, `written_fields` the change
-- that we wrote last.
CREATE TABLE throttles (
    account TEXT NOT NULL,
    target TEXT NOT NULL,
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    vendor_id TEXT NOT NULL,
    own TEXT NOT NULL,
    written_fields TEXT NOT NULL,
    since INTEGER NOT NULL,
    written INTEGER,
    PRIMARY KEY (account, target)
) STRICT, WITHOUT ROWID;

-- The ceilings that stand there, by `place` in the order in which they were put. `ceiling` is `frozen` or `limit 5`.
CREATE TABLE holds (
    account TEXT NOT NULL,
    target TEXT NOT NULL,
    budget TEXT NOT NULL,
    part TEXT NOT NULL,
    threshold TEXT NOT NULL,
    place INTEGER NOT NULL,
    what TEXT NOT NULL,
    ceiling TEXT NOT NULL,
    action INTEGER NOT NULL,
    period INTEGER,
    amount INTEGER,
    since INTEGER NOT NULL,
    orphaned INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    PRIMARY KEY (account, target, budget, part, threshold)
) STRICT, WITHOUT ROWID;

-- Accounts at which nothing is lowered, since what `action` wrote was not what the vendor's record then said.
CREATE TABLE breakers (
    account TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    action INTEGER NOT NULL,
    words TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What the operator has been told of and still is so; `kind` is `sub_user`, or `account` without a target.
CREATE TABLE concerns (
    concern TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (concern, account, kind, target)
) STRICT, WITHOUT ROWID;

-- Lowering is paused at an account, or at all where none is named, until a moment or until a person resumes it.
CREATE TABLE pauses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT,
    until INTEGER,
    reason TEXT,
    who TEXT NOT NULL,
    since INTEGER NOT NULL,
    resumed INTEGER
) STRICT;

-- What happened, for good: rows are added, never changed, and dropped by age alone.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    action INTEGER,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    step TEXT NOT NULL,
    words TEXT NOT NULL,
    record_before TEXT,
    record_after TEXT
) STRICT;

CREATE INDEX journal_by_time ON journal (at);
