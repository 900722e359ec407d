"""Reads a root of files as a stranger does, with DuckDB, and compares it with what a caller wrote down.

Prints one JSON line.

    reader_duckdb.py ROOT JOURNAL BLANKS [EVENTS]

JOURNAL holds one name a line: `predictions.sent`, `predictions.answered`, `feedbacks.sent`, `feedbacks.answered`. What a
prediction asks is its name and so many blanks, what it is answered is `story_model.answer`, said here in SQL.
EVENTS: what a Fluentd got beside, by `receiver_strict`.
"""

import json
import sys

import duckdb

STREAMS = {
    "request_response": ("predictions", {"request_content": "VARCHAR"}, "request_content = request_id || repeat(' ', {blanks})"),
    "response_body": ("predictions", {"response_content": "VARCHAR"}, "response_content = request_id || repeat('w', 1500)"),
    "feedback": ("feedbacks", {"idempotency_key": "VARCHAR", "payload": "JSON"}, "payload->>'$.json.id' = idempotency_key"),
}
# The folder and the name say the hour of the record's time, and the number in it.
HOUR = "year=(\\d+)/month=(\\d+)/day=(\\d+)/(\\d{10})_(\\d+)\\.json$"
SAMPLES = 5


def rows(db, query):
    return db.execute(query).fetchall()


def one(db, query):
    return rows(db, query)[0][0]


def names(db, query):
    """How many names that is, and the first of them."""
    db.execute(f"CREATE OR REPLACE TEMP TABLE picked AS {query}")
    return {"count": one(db, "SELECT count(*) FROM picked"), "first": [r[0] for r in rows(db, f"FROM picked LIMIT {SAMPLES}")]}


def read(db, root, stream, blanks):
    """The stream's lines as a table: id, for whom it is, whether the bytes are those of its id, hour, file and number."""
    _, columns, whole = STREAMS[stream]
    whole = whole.format(blanks=blanks)
    columns = {"request_id": "VARCHAR", "time": "VARCHAR"} | columns
    name = "idempotency_key" if stream == "feedback" else "request_id"
    year, month, day, named, n = (f"regexp_extract(filename, '{HOUR}', {i})" for i in range(1, 6))
    db.execute(
        f"""CREATE TABLE {stream} AS SELECT {name} AS id, request_id, coalesce({whole}, false) AS whole,
        strftime(strptime(time[:19], '%Y-%m-%d %H:%M:%S'), '%Y%m%d%H') AS hour,
        {named} AS named, {n}::INT AS n, {year} || {month} || {day} AS day
        FROM read_json('{root}/{stream}/**/*.json', format='newline_delimited', filename=true, hive_partitioning=false,
                       columns={json.dumps(columns)})"""
    )


def judge(db, stream):
    journal = STREAMS[stream][0]
    holes = f"SELECT named FROM {stream} GROUP BY named HAVING max(n) + 1 <> count(DISTINCT n)"
    return {
        "lines": one(db, f"SELECT count(*) FROM {stream}"),
        "files": one(db, f"SELECT count(DISTINCT (named, n)) FROM {stream}"),
        "missing": names(db, f"SELECT id FROM {journal}_answered WHERE id NOT IN (SELECT id FROM {stream} WHERE id IS NOT NULL)"),
        "invented": names(db, f"SELECT id FROM {stream} WHERE id IS NULL OR id NOT IN (FROM {journal}_sent)"),
        "twice": names(db, f"SELECT id FROM {stream} GROUP BY id HAVING count(*) > 1"),
        # What a kill cut may have been cut in its bytes, too.
        "altered": names(db, f"SELECT id FROM {stream} WHERE NOT whole AND id IN (FROM {journal}_answered)"),
        "wrong_hour": names(db, f"SELECT id FROM {stream} WHERE hour <> named OR day <> named[:8]"),
        "holes": names(db, holes),
    }


def judge_events(db, events):
    """Each line of the files came to the Fluentd at least once, and nothing else."""
    columns = {"tag": "VARCHAR", "record": "STRUCT(request_id VARCHAR, idempotency_key VARCHAR)"}
    db.execute(
        f"""CREATE TABLE events AS SELECT tag, coalesce(record.idempotency_key, record.request_id) AS id
        FROM read_json('{events}', format='newline_delimited', columns={json.dumps(columns)})"""
    )
    found = {}
    for stream in STREAMS:
        came = f"SELECT id FROM events WHERE tag = '{stream}'"
        found[stream] = {
            "events": one(db, f"SELECT count(*) FROM events WHERE tag = '{stream}'"),
            "missing": names(db, f"SELECT id FROM {stream} WHERE id NOT IN ({came})"),
            "invented": names(db, f"{came} AND id NOT IN (SELECT id FROM {stream})"),
        }
    return found


def main(root, journal, blanks, events=None):
    db = duckdb.connect()
    for kind in ("predictions", "feedbacks"):
        for what in ("sent", "answered"):
            db.execute(
                f"CREATE TABLE {kind}_{what} AS SELECT id FROM read_csv('{journal}/{kind}.{what}', columns={{'id': 'VARCHAR'}},"
                " header=false, delim='\\t', auto_detect=false)"
            )
    found = {}
    for stream in STREAMS:
        read(db, root, stream, int(blanks))
        found[stream] = judge(db, stream)
    found["orphans"] = names(db, "SELECT id FROM feedback WHERE request_id NOT IN (SELECT request_id FROM request_response)")
    if events:
        found["fluentd"] = judge_events(db, events)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
