#!/usr/bin/python3
# kill: a pipeline that is killed again and again, and loses no row
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows arrive all the time; a pipeline of its own process follows them into two tables.

usage: kill.py SERVER [--pipelines N] [--servers N] [--cuts N] [--shares N] [--seed N]

N times the pipeline is killed at a random moment, N times the server (not one
that TDENGINE_TEST_URI names), N times a consumer's connection is cut in place of
a chosen reply, and N times three pipelines share the vgroups, one is killed and
one joins. Then both tables have to hold every row of the source, and no
position may ever have been committed before the rows up to it were in both: the
consumers' connections go through a proxy that sees each commit, and a consumer of
another group tells which rows lie before a position.
"""
import argparse
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstTDengine", "1.0")
from gi.repository import GLib, Gst, GstTDengine

from testserver import drop, rest

Gst.init(None)

TABLES = 6
# what the names of the databases that are written to end in
TARGETS = ("_a", "_b")
TIMEOUT = 60
# what a reply that is not let through answers
CUTS = ["poll", "fetch_raw_data", "commit_offset", "assignment", "subscribe"]


def wait_for(what, condition, timeout=TIMEOUT):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.02)


class Server:
    """The test server in a process to be killed, or one that is there."""

    def __init__(self, program):
        self.uri = os.environ.get("TDENGINE_TEST_URI")
        self.is_ours = not self.uri
        if self.is_ours:
            self.program = program
            self.data = tempfile.TemporaryDirectory()
            self.port = 0
            self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--data",
             os.path.join(self.data.name, "data.db"), "--die-with-stdin"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = urllib.parse.urlsplit(line.split()[-1]).port
        self.uri = f"ws://127.0.0.1:{self.port}/"

    def kill(self):
        self.process.kill()
        self.process.communicate()
        self.start()

    def stop(self):
        if self.is_ours:
            self.process.kill()
            self.process.communicate()
            self.data.cleanup()

    def sql(self, statement, patient=False):
        """patient: until it is done, whatever becomes of the server."""
        while True:
            try:
                return rest(self.uri, statement)
            except (OSError, urllib.error.URLError) as error:
                if not patient:
                    raise error
                time.sleep(0.05)


class Writer(threading.Thread):
    """Inserts rows until it is told to stop."""

    def __init__(self, server, database):
        super().__init__(daemon=True)
        self.server, self.database = server, database
        self.stopped = threading.Event()
        self.number = 0

    def run(self):
        while not self.stopped.wait(0.02):
            rows = []
            for _ in range(5):
                self.number += 1
                rows.append(f"{self.database}.d{self.number % TABLES} "
                            f"values ({1700000000000 + self.number}, {self.number})")
            self.server.sql("insert into " + " ".join(rows), patient=True)

    def stop(self):
        self.stopped.set()
        self.join()


class Witness(threading.Thread):
    """Reads the topic on its own, and knows which rows lie before a position."""

    def __init__(self, server, topic):
        super().__init__(daemon=True)
        self.server, self.topic = server, topic
        self.lock = threading.Condition()
        self.rows = {}  # vgroup → [(position, number)]
        self.positions = {}
        self.stopped = False

    def run(self):
        while not self.stopped:
            consumer = GstTDengine.Consumer.new(
                GstTDengine.Settings.new_from_uri(self.server.uri))
            options = Gst.Structure.new_from_string(
                "options, group.id=witness, auto.offset.reset=earliest, min.poll.rows=1")
            try:
                consumer.subscribe([self.topic], options, None)
                while not self.stopped:
                    message = consumer.poll(100, None)
                    if message:
                        self.note(message)
            except GLib.Error:
                time.sleep(0.1)
            consumer.close()

    def note(self, message):
        vgroup, position = message.get_vgroup(), message.get_position()
        with self.lock:
            if position <= self.positions.get(vgroup, -1):
                return
            for i in range(message.get_n_blocks()):
                rows = message.get_rows(i)
                for row in range(rows.get_n_rows()):
                    self.rows.setdefault(vgroup, []).append(
                        (position, rows.get_int64(2, row)))
            self.positions[vgroup] = position
            self.lock.notify_all()

    def take(self, vgroup, position):
        """The rows that are known to lie before a position, once each."""
        with self.lock:
            # quiet ends of a log are no messages: what is there counts
            self.lock.wait_for(lambda: self.positions.get(vgroup, -1) >= position, 1)
            rows = self.rows.get(vgroup, [])
            before = [number for end, number in rows if end <= position]
            self.rows[vgroup] = [row for row in rows if row[0] > position]
            return before


def read_exactly(stream, n):
    data = stream.read(n)
    if data is None or len(data) < n:
        raise EOFError
    return data


def read_frame(stream):
    """A frame as it came, and its payload."""
    head = read_exactly(stream, 2)
    size = head[1] & 0x7F
    if size == 126:
        head += read_exactly(stream, 2)
        size, = struct.unpack(">H", head[2:])
    elif size == 127:
        head += read_exactly(stream, 8)
        size, = struct.unpack(">Q", head[2:])
    mask = read_exactly(stream, 4) if head[1] & 0x80 else bytes(4)
    data = read_exactly(stream, size)
    payload = data
    if head[1] & 0x80:
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        head += mask
    return head + data, payload


class Proxy:
    """Between consumers and the server: sees commits, and cuts connections."""

    def __init__(self, server, on_commit):
        self.server, self.on_commit = server, on_commit
        self.cut = None
        self.n_cuts = self.n_commits = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.uri = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            parts = urllib.parse.urlsplit(self.server.uri)
            try:
                server = socket.create_connection((parts.hostname, parts.port))
            except OSError:
                client.close()
                continue
            for source, target, relay in ((client, server, self.relay_request),
                                          (server, client, self.relay_reply)):
                threading.Thread(target=self.relay, args=(source, target, relay),
                                 daemon=True).start()

    def relay(self, source, target, relay):
        stream = source.makefile("rb")
        try:
            while True:  # HTTP's part
                line = stream.readline()
                target.sendall(line)
                if line in (b"\r\n", b""):
                    break
            while True:
                raw, payload = read_frame(stream)
                relay(payload)
                target.sendall(raw)
        except (EOFError, OSError, ConnectionError):
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def relay_request(self, payload):
        if b'"commit_offset"' in payload:
            args = json.loads(payload)["args"]
            self.n_commits += 1
            self.on_commit(args["vgroup_id"], args["offset"])

    def relay_reply(self, payload):
        if self.cut is None:
            return
        action = "fetch_raw_data" if payload[:8] == b"\xff" * 8 else \
            json.loads(payload).get("action") if payload[:1] == b"{" else None
        if action == self.cut:
            self.cut = None
            self.n_cuts += 1
            raise EOFError


class Pipeline:
    def __init__(self, proxy, server, database, topic, *more):
        sink = ("tdenginesink", "super-table=m", "batch-interval=20")
        self.process = subprocess.Popen(
            ["gst-launch-1.0", "-q", "tdenginecdcsrc", f"uri={proxy.uri}",
             f"topic={topic}", "group-id=kill", "offset-reset=earliest",
             "poll-interval=100", "parallelism=2", "checkpoint-interval=50",
             *more, "!", "queue", "!", "tee", "name=t",
             "t.", "!", "queue", "!", *sink, f"uri={server.uri}{database}_a",
             "t.", "!", "queue", "!", *sink, f"uri={server.uri}{database}_b"],
            stderr=subprocess.PIPE)

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.communicate()


class Trial:
    def __init__(self, options):
        self.server = Server(options.server)
        self.random = random.Random(options.seed)
        self.database = f"test_kill_{os.getpid()}"
        self.topic = self.database + "_topic"
        self.wrong = []
        self.make_tables()
        self.witness = Witness(self.server, self.topic)
        self.witness.start()
        self.proxy = Proxy(self.server, self.check_commit)
        self.writer = Writer(self.server, self.database)
        self.writer.start()

    def make_tables(self):
        sql, name = self.server.sql, self.database
        for database, vgroups in ((name, 5), (name + "_a", 1), (name + "_b", 1)):
            sql(f"create database {database} vgroups {vgroups}")
            sql(f"create table {database}.m (ts timestamp, v int) tags (g int)")
        for i in range(TABLES):
            sql(f"create table {name}.d{i} using {name}.m tags ({i})")
        sql(f"create topic {self.topic} as select tbname, ts, v, g from {name}.m")

    def read(self, target, columns, where=""):
        return self.server.sql(f"select {columns} from {self.database}{target}.m {where}",
                               patient=True)

    def check_commit(self, vgroup, position):
        """Before a commit reaches the server, its rows have to be in both tables."""
        rows = self.witness.take(vgroup, position)
        if not rows:
            return
        where = f"where v >= {min(rows)} and v <= {max(rows)}"
        for target in TARGETS:
            missing = set(rows) - {row[0] for row in self.read(target, "v", where)}
            if missing:
                self.wrong.append(f"{position} of vgroup {vgroup} is committed "
                                  f"without {len(missing)} rows of {target}")

    def start(self, *more):
        return Pipeline(self.proxy, self.server, self.database, self.topic, *more)

    def works(self, pipeline):
        """Waits until the pipeline has committed something."""
        before = self.proxy.n_commits
        wait_for("a commit", lambda: self.proxy.n_commits > before + 3
                 or not pipeline.is_running())

    def moment(self):
        time.sleep(self.random.uniform(0, 1))

    def kill_pipelines(self, n):
        for _ in range(n):
            pipeline = self.start()
            if self.random.random() < 0.8:
                self.works(pipeline)
            self.moment()
            assert pipeline.is_running(), pipeline.process.stderr.read().decode()
            pipeline.kill()

    def kill_servers(self, n):
        for _ in range(n):
            pipeline = self.start()
            self.works(pipeline)
            self.moment()
            self.server.kill()
            # a sink does not connect again: the pipeline ends, or it goes on
            time.sleep(0.2)
            pipeline.kill()

    def cut_connections(self, n):
        pipeline = self.start()
        for i in range(n):
            self.works(pipeline)
            before = self.proxy.n_cuts
            self.proxy.cut = CUTS[i % len(CUTS)]
            if self.proxy.cut == "subscribe":
                # is sent by who joins again only
                self.proxy.cut = "poll"
                wait_for("a cut", lambda: self.proxy.n_cuts > before)
                self.proxy.cut = "subscribe"
                before += 1
            wait_for("a cut", lambda: self.proxy.n_cuts > before)
        self.works(pipeline)
        assert pipeline.is_running(), pipeline.process.stderr.read().decode()
        pipeline.kill()

    def all_work(self, pipelines):
        for pipeline in pipelines:
            self.works(pipeline)
            assert pipeline.is_running(), pipeline.process.stderr.read().decode()

    def share(self, n):
        pipelines = [self.start() for _ in range(3)] if n > 0 else []
        for _ in range(n):
            self.all_work(pipelines)
            self.moment()
            pipelines.pop(self.random.randrange(3)).kill()
            self.moment()
            pipelines.append(self.start())
        self.all_work(pipelines)
        for pipeline in pipelines:
            pipeline.kill()

    def finish(self):
        self.writer.stop()
        expected = self.read("", "tbname, ts, v, g", "order by v")
        # the server lets a consumer that was killed keep its vgroups until its
        # poll ends: what is in those comes to the next pipeline
        for _ in range(5):
            pipeline = self.start("end=latest")
            _, errors = pipeline.process.communicate(timeout=TIMEOUT)
            assert pipeline.process.returncode == 0, errors.decode()
            if all(len(self.read(target, "v", "")) == len(expected)
                   for target in TARGETS):
                break
        for target in TARGETS:
            rows = self.read(target, "tbname, ts, v, g", "order by v")
            assert rows == expected, (target, len(rows), len(expected))
        assert len(expected) == self.writer.number
        assert not self.wrong, self.wrong
        print(f"{len(expected)} rows, {self.proxy.n_commits} commits, "
              f"{self.proxy.n_cuts} cuts")

    def clean_up(self):
        self.witness.stopped = True
        self.witness.join()
        if not self.server.is_ours:
            drop(self.server.uri, f"topic {self.topic}")
            for target in ("", *TARGETS):
                drop(self.server.uri, f"database {self.database}{target}")
        self.server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--pipelines", type=int, default=3)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--cuts", type=int, default=5)
    parser.add_argument("--shares", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    trial = Trial(options)
    trial.kill_pipelines(options.pipelines)
    if trial.server.is_ours:
        trial.kill_servers(options.servers)
    trial.cut_connections(options.cuts)
    trial.share(options.shares)
    trial.finish()
    trial.clean_up()


if __name__ == "__main__":
    sys.exit(main())
