-- What commands ask of the owner, and what it answered. Moments are milliseconds since 1970 in UTC.
CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    who TEXT NOT NULL,
    account TEXT,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    exit INTEGER,
    answer TEXT,
    answered_at INTEGER
) STRICT;

CREATE INDEX requests_open ON requests (id) WHERE answered_at IS NULL;
