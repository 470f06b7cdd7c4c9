-- What people are told, until every recipient has it. Moments are milliseconds since 1970 in UTC.
-- Long columns stand last, so that lists do not read past them.

-- A message to one receiver; `id` goes with every try. `leaves_open` is whether something of the thread stands open
-- after it, `episode` the id of the first notice since nothing did. `stands_for` is the delivery in whose place the
-- receiver is told; such a notice says nothing of where the receiver's own thread stands.
CREATE TABLE notices (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    receiver TEXT NOT NULL,
    thread TEXT NOT NULL,
    episode TEXT NOT NULL,
    leaves_open INTEGER NOT NULL,
    severity TEXT NOT NULL,
    stands_for INTEGER,
    title TEXT NOT NULL,
    message TEXT NOT NULL
) STRICT;

CREATE INDEX notices_by_thread ON notices (receiver, thread) WHERE stands_for IS NULL;
CREATE INDEX notices_by_time ON notices (at);
CREATE INDEX notices_by_receiver ON notices (receiver, at);

-- A notice on its way to one recipient; it waits while `ended` is nothing, and then `state` is `pending`, otherwise
-- `delivered`, `dead` or `superseded`. `trying` is set while a try is under way, `maybe` once a try may have arrived
-- without our knowing. `lane` is a row of `lanes` while it waits. The bytes of the first try are in `body` until the
-- end, and in `message` is what it tells where that is more than its notice: what it has replaced.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    notice INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    receiver TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    waits_since INTEGER NOT NULL,
    due INTEGER NOT NULL,
    gathers INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    trying INTEGER NOT NULL,
    maybe INTEGER NOT NULL,
    fell_back INTEGER NOT NULL,
    ended INTEGER,
    answer TEXT,
    message TEXT,
    body BLOB
) STRICT;

CREATE INDEX deliveries_of_notice ON deliveries (notice);
CREATE INDEX deliveries_by_end ON deliveries (ended) WHERE ended IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (lane) WHERE ended IS NULL;
CREATE INDEX deliveries_due ON deliveries (lane, due) WHERE ended IS NULL;
-- With `ended`, so that counting reads the index alone.
CREATE INDEX deliveries_backlog ON deliveries (receiver, waits_since, ended) WHERE ended IS NULL;
CREATE INDEX deliveries_gathering ON deliveries (gathers) WHERE gathers = 1 AND ended IS NULL;

-- A thread to one recipient in which something waits, and when the first of that is due. It follows from `deliveries`:
-- whoever looks for what is due reads a row a lane, however much waits in it.
CREATE TABLE lanes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    receiver TEXT NOT NULL,
    recipient TEXT NOT NULL,
    thread TEXT NOT NULL,
    due INTEGER NOT NULL,
    UNIQUE (receiver, recipient, thread)
) STRICT;

CREATE INDEX lanes_due ON lanes (receiver, due);

-- Receivers that are gone for good, as they were configured then.
CREATE TABLE receivers_off (
    receiver TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    since INTEGER NOT NULL,
    answer TEXT NOT NULL
) STRICT, WITHOUT ROWID;
