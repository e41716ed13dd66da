#!/usr/bin/python3
# introspection: the library as Python sees it, without code of our own
#
# With --without-overrides what python3-gst-1.0 adds to Gst is left out.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import struct
import sys
import unittest

if "--without-overrides" in sys.argv:
    sys.argv.remove("--without-overrides")
    sys.modules["gi.overrides.Gst"] = None

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstTDengine", "1.0")
from gi.repository import GLib, Gst, GstTDengine

Gst.init(None)

CAPS = """application/x-tdengine-rows, precision=(string)ms, columns=(structure)<
    [column, name=ts, type=TIMESTAMP, row-type=timestamp],
    [column, name=v, type=INT, row-type=int32],
    [column, name=s, type=VARCHAR, length=(int)8, row-type=utf8],
    [column, name=n, type=NCHAR, length=(int)4, row-type=utf8],
    [column, name=b, type=BOOL, row-type=bool]>"""

# three rows, composed by hand from the layout's description
BLOCK = bytes.fromhex("""
    01000000 9b000000 03000000 05000000 00000080 0000000000000000
    09 08000000  04 04000000  08 0a000000  0a 12000000  01 01000000
    18000000 0c000000 07000000 08000000 03000000
    00  0068e5cf8b010000 0168e5cf8b010000 0268e5cf8b010000
    40  07000000 00000000 feffffff
    00000000 ffffffff 04000000  0200 6162  0100 63
    00000000 06000000 ffffffff  0400 e9000000  0000
    20  01 00 00
    00""")

ROWS = [
    [1700000000000, 7, "ab", "é", True],
    [1700000000001, None, None, "", False],
    [1700000000002, -2, "c", None, None],
]


def get_schema():
    return GstTDengine.Schema.new_from_caps(Gst.Caps.from_string(CAPS))


def get_value(rows, column, row):
    if rows.is_null(column, row):
        return None
    present, value = rows.get_value(column, row)
    assert present
    return value


class Introspection(unittest.TestCase):
    def setUp(self):
        self.schema = get_schema()
        self.rows = GstTDengine.Rows.new(self.schema, Gst.Buffer.new_wrapped(BLOCK))

    def test_the_block_is_as_long_as_it_says(self):
        self.assertEqual(len(BLOCK), 155)

    def test_schema_lists_the_columns(self):
        columns = [self.schema.get_column(i)
                   for i in range(self.schema.get_n_columns())]
        self.assertEqual([column.name for column in columns],
                         ["ts", "v", "s", "n", "b"])
        self.assertEqual(columns[3].type, GstTDengine.Type.NCHAR)
        self.assertEqual(columns[3].length, 4)
        self.assertEqual(GstTDengine.type_get_row_type(columns[1].type), "int32")
        self.assertEqual(self.schema.get_precision(), GstTDengine.Precision.MS)
        self.assertEqual(self.schema.find("n"), 3)
        self.assertEqual(self.schema.find("N"), -1)

    def test_schema_is_made_column_by_column(self):
        schema = GstTDengine.Schema.new(GstTDengine.Precision.MS)
        for i in range(self.schema.get_n_columns()):
            schema.append(self.schema.get_column(i))
        self.assertTrue(schema.equal(self.schema))
        self.assertTrue(schema.to_caps().is_equal(Gst.Caps.from_string(CAPS)))

    def test_column_is_filled_in_python(self):
        column = GstTDengine.Column()
        column.name = "price"
        column.type = GstTDengine.Type.DECIMAL64
        column.digits, column.scale = 8, 2
        schema = GstTDengine.Schema.new(GstTDengine.Precision.NS)
        schema.append(column)
        self.assertEqual(schema.get_column(0).name, "price")
        self.assertEqual(schema.get_column(0).scale, 2)

    def test_values_come_one_by_one(self):
        self.assertEqual(self.rows.get_n_rows(), 3)
        self.assertEqual([[get_value(self.rows, column, row) for column in range(5)]
                          for row in range(3)], ROWS)

    def test_null_is_no_value(self):
        self.assertTrue(self.rows.is_null(1, 1))
        self.assertIsNone(self.rows.get_text(1, 1))

    def test_text_is_that_of_the_encoders(self):
        self.assertEqual(self.rows.get_text(0, 1), "2023-11-14T22:13:20.001Z")
        self.assertEqual(self.rows.get_text(1, 2), "-2")
        self.assertEqual(self.rows.get_text(3, 0), "é")

    def test_whole_columns_come_as_bytes(self):
        self.assertEqual(self.rows.get_column(0).get_data(),
                         struct.pack("<3q", *(row[0] for row in ROWS)))
        self.assertEqual(struct.unpack("<3i", self.rows.get_column(1).get_data()),
                         (7, 0, -2))
        self.assertEqual(self.rows.get_nulls(1).get_data(), b"\x40")
        self.assertIsNone(self.rows.get_offsets(1))

    def test_columns_of_text_come_with_offsets(self):
        self.assertEqual(struct.unpack("<3i", self.rows.get_offsets(2).get_data()),
                         (0, -1, 4))
        self.assertEqual(self.rows.get_column(2).get_data(), b"\2\0ab\1\0c")
        self.assertIsNone(self.rows.get_nulls(2))

    def test_columns_outlive_the_rows(self):
        values = self.rows.get_column(1)
        del self.rows
        self.assertEqual(struct.unpack("<3i", values.get_data()), (7, 0, -2))

    def test_slice_is_a_run_of_rows(self):
        part = self.rows.slice(1, 2)
        self.assertEqual(part.get_n_rows(), 2)
        self.assertEqual(get_value(part, 3, 0), "")
        self.assertEqual(get_value(part, 1, 1), -2)

    def test_rows_of_a_sample_read_its_caps(self):
        sample = Gst.Sample.new(Gst.Buffer.new_wrapped(BLOCK),
                                Gst.Caps.from_string(CAPS), None, None)
        rows = GstTDengine.Rows.new_from_sample(sample)
        self.assertTrue(rows.get_schema().equal(self.schema))
        self.assertEqual(get_value(rows, 4, 0), True)

    def test_builder_makes_the_same_block(self):
        builder = GstTDengine.RowsBuilder.new(self.schema)
        for row in ROWS:
            for column, value in enumerate(row):
                if value is None:
                    builder.append_null(column)
                elif isinstance(value, str):
                    builder.append_string(column, value)
                else:
                    builder.append_int64(column, value)
        self.assertEqual(builder.get_n_rows(), 3)
        buffer = builder.end().get_buffer()
        self.assertEqual(buffer.extract_dup(0, buffer.get_size()), BLOCK)

    def test_builder_takes_whole_columns(self):
        builder = GstTDengine.RowsBuilder.new(self.schema)
        builder.append_null(1)
        builder.append_values(1, struct.pack("<9i", *range(-4, 5)))
        builder.append_values(0, struct.pack("<10q", *range(10)))
        builder.append_values(4, bytes([1, 0] * 5))
        for _ in range(10):
            builder.append_null(2)
            builder.append_null(3)
        rows = builder.end()
        self.assertEqual([get_value(rows, 1, row) for row in range(10)],
                         [None, *range(-4, 5)])
        self.assertEqual([get_value(rows, 0, row) for row in range(10)], list(range(10)))
        self.assertEqual([get_value(rows, 4, row) for row in range(10)], [True, False] * 5)

    def test_builder_refuses_parts_of_values(self):
        builder = GstTDengine.RowsBuilder.new(self.schema)
        for column, size in ((0, 12), (1, 3), (2, 4)):
            with self.assertRaises(GLib.Error) as caught:
                builder.append_values(column, bytes(size))
            self.assertTrue(caught.exception.matches(
                GstTDengine.error_quark(), GstTDengine.Error.INVALID_VALUE))

    def test_arrow_columns_make_the_same_block(self):
        valid = GLib.Bytes.new(b"\x05")  # in Arrow's order: not the second
        builder = GstTDengine.RowsBuilder.new(self.schema)
        builder.append_column(0, GLib.Bytes.new(struct.pack("<3q", *(row[0] for row in ROWS))))
        builder.append_column(1, GLib.Bytes.new(struct.pack("<3i", 7, 0, -2)), None, valid)
        builder.append_column(2, GLib.Bytes.new(b"abc"),
                              GLib.Bytes.new(struct.pack("<4i", 0, 2, 2, 3)), valid)
        builder.append_column(3, GLib.Bytes.new("é".encode()),
                              GLib.Bytes.new(struct.pack("<4i", 0, 2, 2, 2)),
                              GLib.Bytes.new(b"\x03"))
        builder.append_column(4, GLib.Bytes.new(b"\1\0\0"), None, GLib.Bytes.new(b"\x03"))
        buffer = builder.end().get_buffer()
        self.assertEqual(buffer.extract_dup(0, buffer.get_size()), BLOCK)

    def test_column_of_a_wrong_size_raises(self):
        builder = GstTDengine.RowsBuilder.new(self.schema)
        with self.assertRaises(GLib.Error) as caught:
            builder.append_column(0, GLib.Bytes.new(b"1234567"))
        self.assertTrue(caught.exception.matches(
            GstTDengine.error_quark(), GstTDengine.Error.INVALID_VALUE))

    def test_text_is_read_as_it_is_written(self):
        builder = GstTDengine.RowsBuilder.new(self.schema)
        for row in range(3):
            for column in range(5):
                text = self.rows.get_text(column, row)
                if text is None:
                    builder.append_null(column)
                else:
                    builder.append_text(column, text.encode())
        buffer = builder.end().get_buffer()
        self.assertEqual(buffer.extract_dup(0, buffer.get_size()), BLOCK)

    def test_broken_block_raises_an_error_of_the_domain(self):
        for block in (b"", BLOCK[:-1], BLOCK.replace(b"\x9b", b"\x9c", 1)):
            with self.assertRaises(GLib.Error) as caught:
                GstTDengine.Rows.new_from_bytes(self.schema, GLib.Bytes.new(block))
            self.assertTrue(caught.exception.matches(
                GstTDengine.error_quark(), GstTDengine.Error.BLOCK))

    def test_settings_do_not_show_the_password(self):
        settings = GstTDengine.Settings.new_from_uri("ws://me:secret@db.example/power")
        self.assertEqual(settings.get_uri(), "taos+ws://me@db.example:6041/power")
        with self.assertRaises(GLib.Error) as caught:
            GstTDengine.Settings.new_from_uri("http://me:secret@db.example")
        self.assertNotIn("secret", str(caught.exception))

    def test_refused_connection_raises(self):
        settings = GstTDengine.Settings.new_from_uri("ws://127.0.0.1:1")
        connection = GstTDengine.Connection.new(settings)
        with self.assertRaises(GLib.Error) as caught:
            connection.open(None)
        self.assertTrue(caught.exception.matches(
            GstTDengine.error_quark(), GstTDengine.Error.CONNECT))


if __name__ == "__main__":
    unittest.main()
