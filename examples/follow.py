#!/usr/bin/python3
# follow: a topic into SQLite, along with how far it has come
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: follow.py TOPIC [FILE [URI]]

Appends what the topic has, as lines of JSON, to the table lines of an SQLite
database, and ends. The next run goes on behind it. Of a topic on a super table
or a database each row is there once, whatever was killed; of one on a query what
was written at once last may be there twice. Without URI, TDENGINE_URI says where
the server is: the better place for a password.
"""
import json
import os
import sqlite3
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstTDengine", "1.0")
from gi.repository import GLib, Gst, GstTDengine

TABLES = """
create table if not exists lines (line text not null);
create table if not exists positions (vgroup text primary key, position integer not null);
"""


class Store:
    """Rows, and the positions behind them, in the same transactions."""

    def __init__(self, path):
        self.database = sqlite3.connect(path)
        self.database.executescript(TABLES)

    def get_positions(self):
        fields = [f"{vgroup}=(gint64){position}" for vgroup, position
                  in self.database.execute("select * from positions")]
        return Gst.Structure.new_from_string(", ".join(["positions", *fields])) \
            if fields else None

    def add(self, rows):
        schema = rows.get_schema()
        names = [schema.get_column(i).name for i in range(schema.get_n_columns())]
        for row in range(rows.get_n_rows()):
            values = [None if rows.is_null(i, row) else rows.get_text(i, row)
                      for i in range(len(names))]
            self.database.execute("insert into lines values (?)",
                                  [json.dumps(dict(zip(names, values)))])

    def keep(self, position):
        """Makes what was added last, up to there."""
        for i in range(position.n_fields()):
            vgroup = position.nth_field_name(i)
            self.database.execute("insert or replace into positions values (?, ?)",
                                  [vgroup, position.get_int64(vgroup).value])
        self.database.commit()


def take(sink, store):
    while True:
        checkpoint, sample = GstTDengine.Checkpoint.pull(sink, Gst.CLOCK_TIME_NONE)
        if sample:
            store.add(GstTDengine.Rows.new_from_sample(sample))
        elif checkpoint:
            store.keep(checkpoint.get_position())
            # only now may the server forget them
            checkpoint.confirm()
        else:
            return


def follow(store, **source):
    pipeline = Gst.parse_launch(
        "tdenginecdcsrc name=topic offset-reset=earliest end=latest "
        "! appsink name=rows sync=false async=false max-buffers=16")
    topic, sink = map(pipeline.get_by_name, ("topic", "rows"))
    for name, value in source.items():
        topic.set_property(name, value)
    topic.set_property("start-positions", store.get_positions())
    pipeline.set_state(Gst.State.PLAYING)
    try:
        take(sink, store)
        message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
        if message:
            raise message.parse_error()[0]
    finally:
        pipeline.set_state(Gst.State.NULL)


def main(topic, path="topic.db",
         uri=os.environ.get("TDENGINE_URI", "taos+ws://localhost:6041")):
    Gst.init(None)
    try:
        follow(Store(path), uri=uri, topic=topic, group_id="follow")
    except GLib.Error as error:
        sys.exit(f"follow.py: {error.message}")


if __name__ == "__main__":
    main(*sys.argv[1:])
