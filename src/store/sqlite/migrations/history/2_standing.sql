-- How counters stand: a row an account and 4,096 seats, rewritten by each pass that changes one of them.
CREATE TABLE standing (
    account INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    block BLOB NOT NULL,
    PRIMARY KEY (account, chunk)
) STRICT, WITHOUT ROWID;

-- How each account was when it was looked at last, for who asks without the daemon: `words` is JSON.
CREATE TABLE overview (
    name TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    words TEXT NOT NULL
) STRICT, WITHOUT ROWID;
