#!/usr/bin/python3
# consumer: an application that follows a topic without a pipeline
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: consumer.py SERVER"""
import os
import time
import unittest

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstTDengine", "1.0")
from gi.repository import GLib, Gst, GstTDengine

import testserver

Gst.init(None)

DATABASE = f"test_consumer_{os.getpid()}"
TOPIC = DATABASE + "_topic"
# 2024-12-19 19:12:45.642 UTC
TIME = 1734635565642


class Consumer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.uri = testserver.start()
        cls.settings = GstTDengine.Settings.new_from_uri(cls.uri)

    def sql(self, statement):
        return testserver.rest(self.uri, statement)

    def setUp(self):
        self.sql(f"create database {DATABASE} vgroups 1")
        self.sql(f"create table {DATABASE}.t (ts timestamp, v int)")
        self.sql(f"create topic {TOPIC} as select ts, v from {DATABASE}.t")
        self.consumers = []
        self.loop = GLib.MainLoop()

    def tearDown(self):
        for consumer in self.consumers:
            consumer.close()
        testserver.drop(self.uri, f"topic {TOPIC}")
        testserver.drop(self.uri, f"database {DATABASE}")

    def insert(self, *values):
        for value in values:
            self.sql(f"insert into {DATABASE}.t values ({TIME + value}, {value})")

    def subscribe(self, group, **options):
        consumer = GstTDengine.Consumer.new(self.settings)
        self.consumers.append(consumer)
        consumer.subscribe([TOPIC], self.make_options(group, **options), None)
        return consumer

    def make_options(self, group, **options):
        structure = Gst.Structure.new_empty("options")
        structure.set_value("group.id", group)
        structure.set_value("auto.offset.reset", "earliest")
        for key, value in options.items():
            structure.set_value(key.replace("_", "."), value)
        return structure

    def values_of(self, message):
        return [rows.get_int64(1, row)
                for rows in map(message.get_rows, range(message.get_n_blocks()))
                for row in range(rows.get_n_rows())]

    def read(self, consumer):
        """What comes until nothing does, and the last message."""
        values, last = [], None
        while message := consumer.poll(200, None):
            values += self.values_of(message)
            last = message
        return values, last

    def read_values(self, consumer, n):
        """So many; behind a seek a server needs a second."""
        values = []
        deadline = time.monotonic() + 30
        while len(values) < n and time.monotonic() < deadline:
            values += self.read(consumer)[0]
        return values

    def test_what_is_not_committed_comes_again(self):
        self.insert(1, 2, 3)
        first = self.subscribe("again")
        self.assertEqual(self.read(first)[0], [1, 2, 3])
        first.close()
        self.assertEqual(self.read(self.subscribe("again"))[0], [1, 2, 3])

    def test_a_position_is_what_comes_next(self):
        self.insert(1, 2)
        first = self.subscribe("next")
        values, last = self.read(first)
        self.assertEqual(values, [1, 2])
        self.assertEqual(last.get_topic(), TOPIC)
        self.assertEqual(last.get_database(), DATABASE)
        self.assertGreater(last.get_position(), last.get_offset())
        assignment, = first.get_assignments(None)
        self.assertEqual(assignment.committed, -1)
        first.commit(TOPIC, last.get_vgroup(), last.get_position(), None)
        assignment, = first.get_assignments(None)
        self.assertEqual(assignment.vgroup, last.get_vgroup())
        self.assertEqual(assignment.committed, last.get_position())
        first.unsubscribe(None)
        first.close()
        self.insert(3)
        self.assertEqual(self.read(self.subscribe("next"))[0], [3])

    def test_a_seek_goes_back_behind_what_was_read_ahead(self):
        consumer = self.subscribe("seek")
        self.insert(1)
        message = None
        while not message:
            message = consumer.poll(200, None)
        self.insert(2, 3)
        consumer.seek(TOPIC, message.get_vgroup(), message.get_position(), None)
        self.assertEqual(self.read_values(consumer, 2), [2, 3])
        consumer.seek(TOPIC, message.get_vgroup(), 0, None)
        self.assertEqual(self.read_values(consumer, 3), [1, 2, 3])

    def test_what_is_asked_of_another_vgroup_is_refused(self):
        consumer = self.subscribe("other")
        consumer.poll(100, None)
        for call in consumer.seek, consumer.commit:
            with self.assertRaisesRegex(GLib.Error, "0x4008"):
                call(TOPIC, 9999, 0, None)

    def test_options_are_checked_before_anything_is_sent(self):
        for key, value in (("session.timeout.ms", 5999), ("min.poll.rows", "x"),
                           ("group.id", "a:b"), ("td.connect.pass", "x")):
            consumer = GstTDengine.Consumer.new(
                GstTDengine.Settings.new_from_uri("ws://127.0.0.1:1"))
            options = self.make_options("g")
            options.set_value(key, value)
            with self.assertRaises(GLib.Error) as raised:
                consumer.subscribe([TOPIC], options, None)
            self.assertTrue(raised.exception.matches(
                GstTDengine.error_quark(), GstTDengine.Error.INVALID_VALUE))

    def finish(self, begin, end, *args):
        begin(*args, None, self.on_done, None)
        self.loop.run()
        return end(self.result)

    def on_done(self, source, result, data):
        self.result = result
        self.loop.quit()

    def test_calls_that_do_not_block(self):
        self.insert(1)
        consumer = GstTDengine.Consumer.new(self.settings)
        self.consumers.append(consumer)
        self.finish(consumer.subscribe_async, consumer.subscribe_finish, [TOPIC],
                    self.make_options("async"))
        message = self.finish(consumer.poll_async, consumer.poll_finish, 2000)
        self.assertEqual(self.values_of(message), [1])
        where = TOPIC, message.get_vgroup(), message.get_position()
        self.finish(consumer.commit_async, consumer.commit_finish, *where)
        assignment, = self.finish(consumer.get_assignments_async,
                                  consumer.get_assignments_finish)
        self.assertEqual(assignment.committed, message.get_position())
        self.finish(consumer.seek_async, consumer.seek_finish, TOPIC,
                    message.get_vgroup(), 0)
        message = self.finish(consumer.poll_async, consumer.poll_finish, 5000)
        self.assertEqual(self.values_of(message), [1])
        self.finish(consumer.unsubscribe_async, consumer.unsubscribe_finish)


if __name__ == "__main__":
    unittest.main(argv=["consumer.py"])
