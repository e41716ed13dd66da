#!/usr/bin/python3
# docs: the commands in the pages do what the pages say
#
# A block of ```console holds commands behind `$ ` and what they print. Each
# page gets a test server of its own, filled as examples/quickstart fills one.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: docs.py SERVER SQL [--update] PAGE...

With --update the pages get what the commands print now.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

SERVER, SQL = sys.argv[1:3]
PREROLL = "pipeline doesn't want to preroll"
UPDATE = "--update" in sys.argv
PAGES = [word for word in sys.argv[3:] if word != "--update"]

ADDRESS = "localhost:6041"
COLUMNS = """(ts timestamp, current float, voltage int, phase float)
    tags (location binary(64), groupid int)"""
METERS = [
    ("d1001", "'California.SanFrancisco', 1",
     [(50.3, 201, 0.31), (82.6, 202, 0.33), (92.3, 203, 0.31)]),
    ("d1002", "'Alabama.Montgomery', 2",
     [(50.3, 204, 0.25), (62.6, 205, 0.33), (72.3, 206, 0.28)]),
]

BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.M | re.S)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*\n)((?:(?!\$ ).*\n)*)", re.M)


def make_statements():
    yield "create database power"
    yield f"create table power.meters {COLUMNS}"
    for name, tags, values in METERS:
        rows = " ".join(f"('2024-12-19T{hour}:12:{45 + i}.642Z', {c}, {v}, {p})"
                        for hour in (17, 18, 19) for i, (c, v, p) in enumerate(values))
        yield f"insert into power.{name} using power.meters tags ({tags}) values {rows}"
    yield "create topic topic_meters as select tbname, * from power.meters"
    yield "create topic topic_all with meta as database power"
    yield "create database power_copy"
    yield "create database power_sink"
    yield f"create table power_sink.sink_meters {COLUMNS}"


class Server:
    """A test server, and a directory for the files that a page makes."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [SERVER, "--port", "0", "--die-with-stdin"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        uri = self.process.stdout.readline().split()[-1].removesuffix("/ws")
        self.address = uri.removeprefix("ws://")
        subprocess.run([SQL, *make_statements()], check=True,
                       env={**os.environ, "TDENGINE_URI": uri})
        return self

    def __exit__(self, *_):
        self.process.communicate()
        self.directory.cleanup()

    def run(self, command):
        words = ["bash", "-c", command.replace(ADDRESS, self.address)]
        output = run_once(words, self.directory.name)
        return tidy(output.replace(self.address, ADDRESS))


def run_once(words, folder):
    """What a command prints. gst-launch-1.0 of GStreamer 1.22 may sleep for
    ever after an error while it prerolls, whatever the elements: then what it
    has printed counts."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        text = output.read()
    if process.returncode == -signal.SIGKILL and PREROLL not in text:
        raise RuntimeError(f"{words[2]} does not end: {text}")
    return text


def tidy(output):
    """Of an error, keeps the line that says what is wrong."""
    error = re.search(r"^ERROR: from element .*\n", output, re.M)
    return error[0] if error else output


def run_page(text):
    with Server() as server:
        def run_block(block):
            return COMMAND.sub(lambda match: f"$ {match[1]}{server.run(match[1])}", block[0])
        return BLOCK.sub(run_block, text)


class Docs(unittest.TestCase):
    maxDiff = None

    def test_commands_print_what_the_pages_say(self):
        for path in PAGES:
            with self.subTest(page=os.path.basename(path)):
                text = open(path).read()
                self.assertEqual(text, run_page(text))


def update():
    for path in PAGES:
        text = run_page(open(path).read())
        open(path, "w").write(text)


if __name__ == "__main__":
    update() if UPDATE else unittest.main(argv=sys.argv[:1])
