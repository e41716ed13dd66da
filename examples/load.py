#!/usr/bin/python3
# load: columns into a table, through a pipeline and without a loop over rows
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: load.py [DATABASE [TABLE [URI]]]

Writes a minute of measurements, one a second, into a table with the columns
ts, current and voltage. Columns are numpy arrays where numpy is installed,
otherwise those of Python. Without URI, TDENGINE_URI says where the server is:
the better place for a password.
"""
import array
import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstTDengine", "1.0")
from gi.repository import GLib, Gst, GstTDengine

try:
    import numpy
except ImportError:
    numpy = None

N_ROWS = 60
START = 1734628365642  # 2024-12-19T17:12:45.642Z


def make_schema(precision, *columns):
    schema = GstTDengine.Schema.new(precision)
    for name, column_type in columns:
        column = GstTDengine.Column()
        column.name, column.type = name, column_type
        schema.append(column)
    return schema


def make_measurements():
    """Times, currents and voltages; the last voltage was not measured."""
    if numpy:
        rows = numpy.arange(N_ROWS)
        valid = rows < N_ROWS - 1
        return [(START + 1000 * rows, None), ((50 + rows / 4).astype("f4"), None),
                ((200 + rows % 10).astype("i4"), numpy.packbits(valid, bitorder="little"))]
    rows = range(N_ROWS)
    return [(array.array("q", [START + 1000 * row for row in rows]), None),
            (array.array("f", [50 + row / 4 for row in rows]), None),
            (array.array("i", [200 + row % 10 for row in rows]),
             ((1 << N_ROWS - 1) - 1).to_bytes(8, "little"))]


def make_buffer(schema, columns):
    builder = GstTDengine.RowsBuilder.new(schema)
    for index, (values, validity) in enumerate(columns):
        valid = None if validity is None else GLib.Bytes.new(bytes(validity))
        builder.append_column(index, GLib.Bytes.new(values.tobytes()), None, valid)
    return builder.end().get_buffer()


def wait_for_end(pipeline):
    message = pipeline.get_bus().timed_pop_filtered(
        Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    if message.type == Gst.MessageType.ERROR:
        raise message.parse_error()[0]


def load(schema, buffer, **target):
    """Writes a buffer of rows; returns when the server has confirmed them."""
    pipeline = Gst.parse_launch("appsrc name=rows format=time ! tdenginesink name=table")
    rows, table = map(pipeline.get_by_name, ("rows", "table"))
    rows.set_property("caps", schema.to_caps())
    for name, value in target.items():
        table.set_property(name, value)
    pipeline.set_state(Gst.State.PLAYING)
    rows.emit("push-buffer", buffer)
    rows.emit("end-of-stream")
    try:
        wait_for_end(pipeline)
    finally:
        pipeline.set_state(Gst.State.NULL)


def main(database="power", table="d1001",
         uri=os.environ.get("TDENGINE_URI", "taos+ws://localhost:6041")):
    Gst.init(None)
    schema = make_schema(GstTDengine.Precision.MS,
                         ("ts", GstTDengine.Type.TIMESTAMP),
                         ("current", GstTDengine.Type.FLOAT),
                         ("voltage", GstTDengine.Type.INT))
    try:
        load(schema, make_buffer(schema, make_measurements()),
             uri=uri, database=database, table=table)
    except GLib.Error as error:
        sys.exit(f"load.py: {error.message}")
    print(f"{N_ROWS} rows written")


if __name__ == "__main__":
    main(*sys.argv[1:])
