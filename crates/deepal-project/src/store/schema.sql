BEGIN;
-- What the project is about: one row.
CREATE TABLE setup (json TEXT NOT NULL);
-- All that happened. Never changed: what is taken back has an `undo` that refers to it.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,    -- milliseconds since 1970
    annotator TEXT,
    action TEXT NOT NULL,   -- label, skip, discard, flag, unflag, undo, class, rename, guideline, batch, training, net
    item TEXT,              -- the id of the sample
    class INTEGER,          -- the position of the class
    text TEXT,              -- a note, a name or a guideline
    millis INTEGER,         -- how long the answer took
    asked_by TEXT,          -- strategy, audit, found, import
    undoes INTEGER,
    data TEXT               -- JSON of batches, trainings and nets
);
CREATE INDEX events_of_item ON events (item) WHERE item IS NOT NULL;
CREATE INDEX events_undone ON events (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER events_are_final BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
-- What the newest net of the rounds predicts; replaced by each training.
CREATE TABLE predictions (item TEXT PRIMARY KEY, class INTEGER NOT NULL) WITHOUT ROWID;
-- The classes by their names now.
CREATE VIEW classes AS
SELECT added.class AS class,
    (SELECT named.text FROM events named WHERE named.action IN ('class', 'rename') AND named.class = added.class
     ORDER BY named.id DESC LIMIT 1) AS name
FROM events added WHERE added.action = 'class';
-- Answers that were not taken back.
CREATE VIEW answers AS
SELECT * FROM events event
WHERE event.action IN ('label', 'skip', 'discard', 'flag', 'unflag')
AND NOT EXISTS (SELECT 1 FROM events undo WHERE undo.undoes = event.id);
-- The labels that count now.
CREATE VIEW labels AS
SELECT answer.item AS item, classes.name AS class, answer.asked_by AS asked_by, answer.annotator AS annotator, answer.at AS at
FROM answers answer JOIN classes ON classes.class = answer.class
WHERE answer.action = 'label'
AND NOT EXISTS (
    SELECT 1 FROM answers later
    WHERE later.item = answer.item AND later.id > answer.id AND later.action IN ('label', 'skip', 'discard')
);
COMMIT;
