"""Binds simulated watches by writing them into the database of a server that does not run.

Claiming ten thousand watches one by one would take longer than all measurements. The rows are those that a
claim leaves behind; when the schema changes, the check of the columns fails and says so.
"""

import os
import sqlite3
import time

from kit import proc

FIRST_ID = 8800000000
OWN = 64  # so many of them are in the group of the signed-in account
GROUP_SIZE = 50

COLUMNS = {
    "care_group": {"id", "name", "created_ms"},
    "wearer": {"id", "number", "care_group", "name", "color", "picture_version", "created_ms"},
    "device": {
        "id", "wearer", "wire_id", "vendor", "model", "version", "is_demo", "date_order", "offset_min",
        "language", "zone", "upload_interval_s", "is_language_confirmed", "is_zone_confirmed",
        "zone_sent_min", "is_interval_confirmed", "is_lz_refused", "password", "password_wanted", "phone",
        "bound_ms"},
}


def check_columns(db):
    for table, columns in COLUMNS.items():
        found = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        if found != columns:
            raise proc.Failed(f"table {table} has other columns: {sorted(found ^ columns)}")


def insert(db, table, values):
    names = list(values)
    marks = ", ".join("?" * len(names))
    db.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",
               [values[name] for name in names])


def insert_watch(db, number, group, wire_id, now):
    wearer = os.urandom(16)
    insert(db, "wearer", {
        "id": wearer, "number": number, "care_group": group, "name": f"Wearer {number}",
        "color": "#3366cc", "picture_version": 0, "created_ms": now})
    insert(db, "device", {
        "id": os.urandom(16), "wearer": wearer, "wire_id": wire_id, "vendor": "3G", "model": "G29",
        "version": "G29_BASE_V1.00", "is_demo": 0, "date_order": 0, "offset_min": 0, "language": "en",
        "zone": "Etc/UTC", "upload_interval_s": 600, "is_language_confirmed": 1,
        "is_zone_confirmed": 1, "zone_sent_min": 0, "is_interval_confirmed": 1, "is_lz_refused": 0,
        "password": "482915", "password_wanted": "", "phone": "", "bound_ms": now})
    return wearer.hex()


def bind_watches(path, count):
    """The ids of the wearers in the account's own group; watch i has the wire ID FIRST_ID + i."""
    now = int(time.time() * 1000)
    own = []
    db = sqlite3.connect(path)
    try:
        check_columns(db)
        group = db.execute("SELECT care_group FROM member").fetchone()[0]
        first = db.execute("SELECT COALESCE(MAX(number), 0) FROM wearer").fetchone()[0] + 1
        for i in range(count):
            if i >= OWN and (i - OWN) % GROUP_SIZE == 0:
                group = os.urandom(16)
                insert(db, "care_group", {"id": group, "name": f"Group {i}", "created_ms": now})
            wearer = insert_watch(db, first + i, group, str(FIRST_ID + i), now)
            if i < OWN:
                own.append(wearer)
        db.execute("UPDATE counter SET value = MAX(value, ?) WHERE name = 'wearer'", (first + count,))
        db.commit()
    finally:
        db.close()
    return own
