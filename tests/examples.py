#!/usr/bin/python3
# examples: each of them is run, on the test server or on TDENGINE_TEST_URI
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: examples.py SOURCE_DIR BUILD_DIR SERVER [--python]"""
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

SOURCES, BUILT, SERVER = sys.argv[1:4]
HAS_LIBRARY_IN_PYTHON = "--python" in sys.argv[4:]

SET_UP = [
    "drop topic if exists gst_examples_topic",
    "drop database if exists gst_examples",
    "create database gst_examples",
    """create table gst_examples.meters (ts timestamp, current float, voltage int)
       tags (location binary(64))""",
    """insert into gst_examples.d1 using gst_examples.meters tags ('Oslo') values
       ('2024-12-19T17:12:45.642Z', 50.5, 201) ('2024-12-19T17:12:46.642Z', null, 202)""",
]
TOPIC = "create topic gst_examples_topic as stable gst_examples.meters"
QUERY = "select tbname, * from gst_examples.meters order by ts"


def start_server():
    process = subprocess.Popen([SERVER, "--port", "0", "--die-with-stdin"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    return process, line.split()[-1].removesuffix("/ws")


def run(*words, **options):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, **options)


def run_example(name, *words, **options):
    return run(os.path.join(BUILT, name), *words, **options)


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = None
        os.environ["TDENGINE_URI"] = os.environ.get("TDENGINE_TEST_URI", "")
        if not os.environ["TDENGINE_URI"]:
            cls.server, os.environ["TDENGINE_URI"] = start_server()

    @classmethod
    def tearDownClass(cls):
        run_example("sql", "drop topic if exists gst_examples_topic",
                    "drop database if exists gst_examples")
        if cls.server:
            cls.server.communicate()

    def setUp(self):
        self.check(run_example("sql", *SET_UP))

    def check(self, done):
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def check_failure(self, done, *words):
        self.assertEqual(done.returncode, 1)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_embed_prints_rows(self):
        self.assertEqual(self.check(run_example("embed", QUERY)), """\
tbname=d1 ts=2024-12-19T17:12:45.642Z current=50.5 voltage=201 location=Oslo
tbname=d1 ts=2024-12-19T17:12:46.642Z current=NULL voltage=202 location=Oslo
2 rows
""")

    def test_embed_says_what_the_server_refuses(self):
        self.check_failure(run_example("embed", "select * from gst_examples.nosuch"),
                           "Table does not exist", "the server's code is 0x2603")

    def test_sql_says_what_the_server_refuses(self):
        self.check_failure(run_example("sql", "select * from gst_examples.nosuch"),
                           "Table does not exist")

    def test_launch_takes_a_pipeline_from_its_input(self):
        line = f"""tdenginesrc uri="{os.environ['TDENGINE_URI']}" query="{QUERY}"
                   ! tdenginecsvenc ! fdsink"""
        self.assertEqual(self.check(run_example("launch", input=line)), """\
tbname,ts,current,voltage,location
d1,2024-12-19T17:12:45.642Z,50.5,201,Oslo
d1,2024-12-19T17:12:46.642Z,,202,Oslo
""")

    def test_launch_fails_with_its_pipeline(self):
        self.check_failure(run_example("launch", input="tdenginesrc ! fakesink"), "query")

    @unittest.skipUnless(HAS_LIBRARY_IN_PYTHON, "no introspection")
    def test_read_prints_columns(self):
        done = run("/usr/bin/python3", os.path.join(SOURCES, "read.py"), QUERY)
        lines = self.check(done).splitlines()
        self.assertEqual(lines[0], "tbname: ['d1', 'd1']")
        self.assertRegex(lines[1], r"^ts: \[(1734628365642, |'2024-12-19T17:12:45.642')")
        self.assertIn(lines[2], ("current: [50.5, None]", "current: [50.5 --]"))
        self.assertIn(lines[3], ("voltage: [201, 202]", "voltage: [201 202]"))
        self.assertEqual(lines[4], "location: ['Oslo', 'Oslo']")

    @unittest.skipUnless(HAS_LIBRARY_IN_PYTHON, "no introspection")
    def test_load_writes_columns(self):
        self.check(run_example("sql", "create table gst_examples.d2 using gst_examples.meters "
                               "tags ('Bergen')"))
        done = run("/usr/bin/python3", os.path.join(SOURCES, "load.py"), "gst_examples", "d2")
        self.assertEqual(self.check(done), "60 rows written\n")
        line = f"""tdenginesrc uri="{os.environ['TDENGINE_URI']}"
                   query="select * from gst_examples.d2 order by ts" ! tdenginecsvenc ! fdsink"""
        lines = self.check(run_example("launch", input=line)).splitlines()
        self.assertEqual(len(lines), 61)
        self.assertEqual(lines[:3], ["ts,current,voltage", "2024-12-19T17:12:45.642Z,50,200",
                                     "2024-12-19T17:12:46.642Z,50.25,201"])
        self.assertEqual(lines[-1], "2024-12-19T17:13:44.642Z,64.75,")

    def follow(self, topic, path):
        return run("/usr/bin/python3", os.path.join(SOURCES, "follow.py"), topic, path)

    @unittest.skipUnless(HAS_LIBRARY_IN_PYTHON, "no introspection")
    def test_follow_goes_on_behind_what_it_stored(self):
        self.check(run_example("sql", TOPIC))
        expected = ["201", "202"]
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "topic.db")
            for voltage in "203", "204":
                self.check(self.follow("gst_examples_topic", path))
                with contextlib.closing(sqlite3.connect(path)) as database:
                    lines = [json.loads(line)["voltage"] for line,
                             in database.execute("select line from lines order by rowid")]
                self.assertEqual(lines, expected)
                # as after a crash, the server knows of nothing that was stored
                self.drop_topic()
                self.check(run_example("sql", TOPIC))
                self.check(run_example("sql", "insert into gst_examples.d1 values "
                                       f"('2024-12-19T18:00:00.{voltage}Z', 1, {voltage})"))
                expected.append(voltage)

    def drop_topic(self):
        """With what its groups have committed, once the consumer has left."""
        for _ in range(300):
            done = run_example("sql", "drop topic gst_examples_topic")
            if done.returncode == 0:
                return
            time.sleep(0.1)
        self.fail(done.stderr)

    @unittest.skipUnless(HAS_LIBRARY_IN_PYTHON, "no introspection")
    def test_follow_says_what_the_server_refuses(self):
        with tempfile.TemporaryDirectory() as directory:
            done = self.follow("nosuch", os.path.join(directory, "topic.db"))
        self.check_failure(done, "Topic not exist")
        self.assertNotIn("Traceback", done.stderr)

    @unittest.skipUnless(HAS_LIBRARY_IN_PYTHON, "no introspection")
    def test_load_says_what_the_server_refuses(self):
        done = run("/usr/bin/python3", os.path.join(SOURCES, "load.py"), "gst_examples", "nosuch")
        self.check_failure(done, "Table does not exist")
        self.assertNotIn("Traceback", done.stderr)

    @unittest.skipUnless(HAS_LIBRARY_IN_PYTHON, "no introspection")
    def test_read_says_what_the_server_refuses(self):
        done = run("/usr/bin/python3", os.path.join(SOURCES, "read.py"),
                   "select * from gst_examples.nosuch")
        self.check_failure(done, "Table does not exist")
        self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
