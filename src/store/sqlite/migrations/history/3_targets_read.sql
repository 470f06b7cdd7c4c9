-- Days of which a sub-user's targets were read from the vendor's past; what each target used is in `days`.
CREATE TABLE targets_read (
    account INTEGER NOT NULL,
    day INTEGER NOT NULL,
    seat INTEGER NOT NULL,
    PRIMARY KEY (account, day, seat)
) STRICT, WITHOUT ROWID;
