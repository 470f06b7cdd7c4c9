-- What sub-users are called and which limit a person set, as the newest list said, for rehearsals over the history.
-- `cap` is the limit in bytes, 0 for blocked, -1 for unlimited, nothing where the vendor does not say.
CREATE TABLE names (
    account INTEGER NOT NULL,
    seat INTEGER NOT NULL,
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    cap INTEGER,
    PRIMARY KEY (account, seat)
) STRICT, WITHOUT ROWID;
