#!/usr/bin/python3
# bench: the elements beside a bare socket, on the same server in the same run
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs both in rotation and prints what each took, and their ratios.

usage: bench.py SERVER BARE PIPELINE [NAME...]

The server is the test server, or TDENGINE_TEST_URI: there a database is made,
filled, and dropped at the end. BENCH_ROUNDS sets the number of rounds,
BENCH_ROWS that of the rows to read.

The test server has a processor of its own, as it has in use; BENCH_PIN=0
leaves that to the kernel. Where both share one a block takes a quarter of the
time, and where they meet changes from run to run.
"""

import os
import re
import signal
import statistics
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir))
import testserver

FIRST_TIME = 1700000000000
ROWS_A_STATEMENT = 10000
BLOCK_ROWS = 4096   # that a server sends at a time
N_TABLES = 1000
NUMBERS = 'select ts, current, voltage, phase from %s.meters'
NAMED = 'select tbname, ts, current, voltage, phase from %s.meters'
TABLE = 'select ts, current, voltage, phase from %s.d%d'
TEXT = 'select tbname, ts, current, voltage, phase, location from %s.meters'


def split_processors():
    """Those for the test server, and those for who asks it."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2 or os.environ.get('BENCH_PIN') == '0':
        return processors, processors
    return processors[:1], processors[1:]


class TestServer:
    """The test server, with the database whose blocks lie ready."""

    database = target = 'bench'
    topic = 'bench_topic'
    n_rows = 50_000_000
    n_tables_read = 1000
    n_messages = {'write-raw': 2000, 'write-bound': 300, 'write-mixed': 300}

    def __init__(self, program):
        self.n_read = int(os.environ.get('BENCH_ROWS', self.n_rows))
        self.process = subprocess.Popen(
            [program, '--port', '0', '--die-with-stdin',
             '--bench-rows', str(self.n_read)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for_server, for_clients = split_processors()
        os.sched_setaffinity(self.process.pid, for_server)
        os.sched_setaffinity(0, for_clients)
        line = self.process.stdout.readline()
        self.uri = 'taos+' + re.search(r'ws://[^/]*', line).group()

    def fill(self):
        """Its blocks are made when they are asked for."""
        testserver.rest(self.uri, make_topic(self))
        # the topic is of whole blocks
        self.n_read -= self.n_read % BLOCK_ROWS

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class RealServer:
    """A database of our own on a server that stores what it gets."""

    n_rows = 10_000_000
    n_tables_read = 100
    n_messages = {'write-raw': 300, 'write-bound': 100, 'write-mixed': 100}

    def __init__(self, uri):
        self.uri = uri
        self.database = 'bench_%d' % os.getpid()
        self.target = self.database + '_copy'
        self.topic = self.database + '_topic'

    def run(self, sql):
        testserver.rest(self.uri, sql)

    def make_tables(self, database):
        self.run('create database %s vgroups 1 keep 36500' % database)
        self.run('create table %s.meters (ts timestamp, current float, '
                 'voltage int, phase float) tags (location varchar(64), '
                 'groupid int)' % database)
        for first in range(0, N_TABLES, 100):
            self.run('create table ' + ' '.join(
                "%s.d%d using %s.meters tags ('California.SanFrancisco', %d)"
                % (database, i, database, i % 10)
                for i in range(first, first + 100)))

    def fill(self):
        n_rows = int(os.environ.get('BENCH_ROWS', self.n_rows))
        print('filling %s with %d rows' % (self.database, n_rows), flush=True)
        for database in self.database, self.target:
            self.make_tables(database)
        n_filled = max(1, n_rows // (10 * ROWS_A_STATEMENT))
        for step in range(10):
            values = make_values(step * ROWS_A_STATEMENT)
            for i in range(n_filled):
                self.run('insert into %s.d%d values %s'
                         % (self.database, i, values))
        self.n_read = 10 * n_filled * ROWS_A_STATEMENT
        self.run(make_topic(self))
        # not to be written out while something is measured
        self.run('flush database %s' % self.database)

    def close(self):
        testserver.drop(self.uri, 'topic if exists ' + self.topic)
        for database in self.database, self.target:
            testserver.drop(self.uri, 'database if exists ' + database)


def make_topic(server):
    return 'create topic %s as stable %s.meters' % (server.topic,
                                                    server.database)


def make_values(first):
    return ' '.join(
        '(%d,%.1f,%d,%.1f)' % (FIRST_TIME + row, 10 + row % 100 / 10,
                               200 + row % 50, 10 + row % 100 / 10)
        for row in range(first, first + ROWS_A_STATEMENT))


def make_cases(server, bare, pipeline):
    """Name: what is to be measured, and what beside it, as functions."""
    database, n = server.database, server.n_messages
    numbers, text = ['read', NUMBERS % database], ['read', TEXT % database]
    raw = ['write-raw', database, 'd0', '10000', str(n['write-raw'])]

    def beside(theirs, ours):
        return lambda: measure(bare, theirs), lambda: measure(pipeline, ours)

    def read_tables(n_connections):
        tables = range(server.n_tables_read)
        statements = [TABLE % (database, i) for i in tables]
        ours = ['read-tables', database, ','.join('d%d' % i for i in tables),
                str(n_connections)]
        return (lambda: measure(bare, *(
            ['read', *statements[first::n_connections]]
            for first in range(n_connections))),
            lambda: measure(pipeline, ours))

    def write(how, tables, rows):
        words = [database, 'meters', str(tables), str(rows), str(n[how])]
        return beside(['write-bound'] + words, [how] + words)

    # what is read and written one after the other, by the elements
    def copy():
        sql = NAMED % database
        write = ['write-bound', server.target, 'meters', '1',
                 str(BLOCK_ROWS), str(server.n_read // BLOCK_ROWS)]
        return (lambda: in_turn(measure(pipeline, ['read', sql]),
                                measure(pipeline, write)),
                lambda: measure(pipeline, ['copy', sql, server.target,
                                           'meters']))

    cases = {
        'read numbers': beside(numbers, numbers),
        'read text': beside(text, text),
        'read tables, by 1': read_tables(1),
        'read tables, by 2': read_tables(2),
        'write one table': beside(raw, raw),
        'write 100 x 100': write('write-bound', 100, 100),
        'write 1000 x 10': write('write-bound', 1000, 10),
        'write 1000, mixed': write('write-mixed', 1000, 10),
        'copy': copy(),
    }
    words = ['follow', server.topic, str(server.n_read)]
    cases['follow'] = beside(words, words)
    cases['follow, commits'] = beside(words, words + ['100'])
    return cases


def measure(program, *runs):
    """Runs the program with each of these words, all at once."""
    running = [subprocess.Popen([program] + words, text=True,
                                stdout=subprocess.PIPE) for words in runs]
    told = []
    for process, words in zip(running, runs):
        output, _ = process.communicate(timeout=300)
        if process.returncode != 0:
            sys.exit('%s %s failed' % (program, ' '.join(words)))
        told.append({name: float(value) for name, value in
                     (word.split('=') for word in output.split())})
    return {name: (max if name == 'wall' else sum)(one[name] for one in told)
            for name in told[0]}


def in_turn(first, second):
    """Two runs over as many rows, as if they were one."""
    return {'rows': first['rows'], 'wall': first['wall'] + second['wall'],
            'cpu': first['cpu'] + second['cpu'],
            'memory': max(first['memory'], second['memory'])}


def rate(run):
    return run['rows'] / run['wall'] / 1e6


def cost(run):
    return run['cpu'] / run['rows'] * 1e6


def compare(name, rounds):
    def middle(of):
        return statistics.median(of(bare, ours) for bare, ours in rounds)

    print('%-18s %8.2f %8.2f %6.2f   %8.4f %8.4f %6.2f   %5.1f' % (
        name,
        middle(lambda bare, ours: rate(bare)),
        middle(lambda bare, ours: rate(ours)),
        middle(lambda bare, ours: rate(ours) / rate(bare)),
        middle(lambda bare, ours: cost(bare)),
        middle(lambda bare, ours: cost(ours)),
        middle(lambda bare, ours: cost(ours) / cost(bare)),
        max(ours['memory'] for _, ours in rounds) / 1024), flush=True)


def main():
    server_program, bare, pipeline, *names = sys.argv[1:]
    uri = os.environ.get('TDENGINE_TEST_URI')
    # whoever ends it early leaves no database behind either
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    server = RealServer(uri) if uri else TestServer(server_program)
    os.environ['TDENGINE_TEST_URI'] = server.uri
    try:
        server.fill()
        print('%-18s %8s %8s %6s   %8s %8s %6s   %5s' % (
            '', 'bare', 'ours', 'ratio', 'bare', 'ours', 'ratio', 'MiB'))
        print('%-18s %24s   %24s   %5s' % (
            '', 'million rows a second', 'CPU s a million rows', 'more'))
        cases = make_cases(server, bare, pipeline)
        for name, (theirs, ours) in cases.items():
            if names and name not in names:
                continue
            rounds = []
            for _ in range(int(os.environ.get('BENCH_ROUNDS', 5))):
                rounds.append((theirs(), ours()))
            compare(name, rounds)
    finally:
        server.close()


main()
