#!/usr/bin/python3
# asynchronous: the calls that do not block, as Python sees them
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import socket
import unittest

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstTDengine", "1.0")
from gi.repository import Gio, GLib, Gst, GstTDengine

import testserver

Gst.init(None)

DATABASE = f"test_async_{os.getpid()}"
# 2024-12-19 19:12:45.642 UTC
TIME = 1734635565642


def connect_to(uri):
    return GstTDengine.Connection.new(GstTDengine.Settings.new_from_uri(uri))


class Asynchronous(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.uri = testserver.start()

    def setUp(self):
        self.loop = GLib.MainLoop()
        self.connection = connect_to(self.uri)
        self.finish(self.connection.open_async, self.connection.open_finish)
        self.execute(f"drop database if exists {DATABASE}")
        self.execute(f"create database {DATABASE} vgroups 1")
        self.execute(f"create table {DATABASE}.t (ts timestamp, v int)")

    def tearDown(self):
        self.execute(f"drop database {DATABASE}")
        self.connection.close()

    def start(self, begin, *args, cancellable=None):
        """Begins a call; its result comes with the main loop."""
        begin(*args, cancellable, self.on_done, None)

    def on_done(self, source, result, data):
        self.result = result
        self.loop.quit()

    def finish(self, begin, end, *args, cancellable=None):
        self.start(begin, *args, cancellable=cancellable)
        self.loop.run()
        return end(self.result)

    def execute(self, sql):
        return self.finish(self.connection.execute_async,
                           self.connection.execute_finish, sql)

    def query(self, sql):
        return self.finish(self.connection.query_async,
                           self.connection.query_finish, sql)

    def assert_cancelled(self, end):
        with self.assertRaises(GLib.Error) as caught:
            end(self.result)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(),
                                                 Gio.IOErrorEnum.CANCELLED))

    def make_rows(self, *values):
        schema = self.query(f"select * from {DATABASE}.t").get_schema()
        builder = GstTDengine.RowsBuilder.new(schema)
        for value in values:
            builder.append_int64(0, TIME + value)
            builder.append_int64(1, value)
        return builder.end()

    def test_rows_are_written_and_read(self):
        settings = GstTDengine.WriteSettings(table="t")
        writer = GstTDengine.Writer.new(self.connection, DATABASE, settings)
        rows = self.make_rows(1, 2, 3)
        self.assertTrue(self.finish(writer.write_async, writer.write_finish, rows))
        self.assertTrue(self.finish(writer.flush_async, writer.flush_finish))
        query = self.query(f"select sum(v) from {DATABASE}.t")
        rows = self.finish(query.next_async, query.next_finish)
        self.assertEqual(rows.get_int64(0, 0), 6)
        self.assertIsNone(self.finish(query.next_async, query.next_finish))

    def test_what_the_server_refuses_is_raised(self):
        with self.assertRaises(GLib.Error) as caught:
            self.execute("nonsense")
        self.assertTrue(caught.exception.matches(GstTDengine.error_quark(),
                                                 GstTDengine.Error.SERVER))

    def test_cancelled_before(self):
        cancelled = Gio.Cancellable()
        cancelled.cancel()
        self.start(self.connection.execute_async,
                   f"insert into {DATABASE}.t values ({TIME}, 1)",
                   cancellable=cancelled)
        self.loop.run()
        self.assert_cancelled(self.connection.execute_finish)
        query = self.query(f"select * from {DATABASE}.t")
        self.assertIsNone(self.finish(query.next_async, query.next_finish))

    def test_cancelled_meanwhile(self):
        """A server that takes a connection and says nothing."""
        cancellable = Gio.Cancellable()
        with socket.create_server(("127.0.0.1", 0)) as silent:
            connection = connect_to("ws://127.0.0.1:%d" % silent.getsockname()[1])
            self.start(connection.open_async, cancellable=cancellable)
            with silent.accept()[0]:
                cancellable.cancel()
                self.loop.run()
        self.assert_cancelled(connection.open_finish)

    def test_cancelled_behind_its_end(self):
        cancellable = Gio.Cancellable()
        self.start(self.connection.execute_async,
                   f"insert into {DATABASE}.t values ({TIME}, 1)",
                   cancellable=cancellable)
        self.loop.run()
        cancellable.cancel()
        self.assertEqual(self.connection.execute_finish(self.result), 1)


if __name__ == "__main__":
    unittest.main(argv=["asynchronous"])
