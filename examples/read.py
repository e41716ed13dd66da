#!/usr/bin/python3
# read: a query as columns, without a pipeline
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: read.py [QUERY [URI]]

Columns are numpy arrays where numpy is installed, otherwise lists. Without
URI, TDENGINE_URI says where the server is: the better place for a password.
"""
import os
import struct
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstTDengine", "1.0")
from gi.repository import GLib, Gst, GstTDengine

try:
    import numpy
except ImportError:
    numpy = None

# what a value of fixed width is to Python's struct, and to numpy
FORMATS = {
    "bool": "?", "int8": "b", "int16": "h", "int32": "i", "int64": "q",
    "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q",
    "float": "f", "double": "d", "timestamp": "q",
}


def read_array(values, nulls, n_rows, dtype):
    mask = numpy.unpackbits(numpy.frombuffer(nulls, "u1"), count=n_rows)
    return numpy.ma.array(numpy.frombuffer(values, dtype), mask=mask)


def read_list(values, nulls, n_rows, code):
    values = struct.unpack(f"<{n_rows}{code}", values)
    return [None if nulls[i // 8] & 0x80 >> i % 8 else value
            for i, value in enumerate(values)]


def read_values(rows, index):
    return [None if rows.is_null(index, row) else rows.get_value(index, row)[1]
            for row in range(rows.get_n_rows())]


def read_column(rows, index):
    schema = rows.get_schema()
    row_type = GstTDengine.type_get_row_type(schema.get_column(index).type)
    if row_type not in FORMATS:
        return read_values(rows, index)

    block = (rows.get_column(index).get_data(), rows.get_nulls(index).get_data(),
             rows.get_n_rows())
    if not numpy:
        return read_list(*block, FORMATS[row_type])
    unit = GstTDengine.precision_get_name(schema.get_precision())
    return read_array(*block, f"<M8[{unit}]" if row_type == "timestamp"
                      else "<" + FORMATS[row_type])


def join(parts):
    if numpy and parts and not isinstance(parts[0], list):
        return numpy.ma.concatenate(parts)
    return sum(parts, [])


def read(uri, sql):
    """Runs a query; returns its columns, by name."""
    settings = GstTDengine.Settings.new_from_uri(uri)
    connection = GstTDengine.Connection.new(settings)
    connection.open(None)
    query = connection.query(sql, None)

    schema = query.get_schema()
    names = [schema.get_column(i).name for i in range(schema.get_n_columns())]
    parts = [[] for name in names]
    while rows := query.next(None):
        for index, part in enumerate(parts):
            part.append(read_column(rows, index))
    connection.close()
    return dict(zip(names, map(join, parts)))


def main(query="select tbname, * from power.meters order by tbname, ts",
         uri=os.environ.get("TDENGINE_URI", "taos+ws://localhost:6041")):
    Gst.init(None)
    try:
        columns = read(uri, query)
    except GLib.Error as error:
        sys.exit(f"read.py: {error.message}")
    for name, values in columns.items():
        print(f"{name}: {values}")


if __name__ == "__main__":
    main(*sys.argv[1:])
