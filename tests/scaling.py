#!/usr/bin/python3
# scaling: processes that know nothing of each other have every row once
#
# What they run is what examples/kubernetes shows.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: scaling.py SERVER EXAMPLES"""
import os
import re
import shlex
import subprocess
import sys
import unittest

import testserver

N_TABLES = 7
N_DAYS = 20
N_PARTS = 3
DAY = 86400000
FIRST = 1734566400000  # 2024-12-19T00:00:00Z
POWER = f'test_scaling_{os.getpid()}'
# d0 has 0, d1 has 1, ... on day 0, and 100 more each day
VALUES = {(f'd{table}', FIRST + day * DAY): 100 * day + table
          for table in range(N_TABLES) for day in range(N_DAYS)}
URI = testserver.start()


def read(name):
    with open(os.path.join(sys.argv[2], name), encoding='utf-8') as file:
        return file.read()


def read_job():
    """The words behind gst-launch-1.0, and the environment that is set."""
    text = read('job.yaml')
    words = re.findall(r'^ +- (.*)\n', text[text.index('args:'):], re.M)
    count = re.search(r'TDENGINE_SPLIT_COUNT\n +value: "(\d)"', text)[1]
    return [word.strip('"') for word in words], {'TDENGINE_SPLIT_COUNT': count}


def read_unit(index):
    text = read('copy-meters@.service').replace('\\\n', ' ').replace('%i', index)
    words = shlex.split(re.search(r'^ExecStart=\S+ (.*)', text, re.M)[1])
    return words, dict(re.findall(r'^Environment=(\w+)=(.*)', text, re.M))


def start(words, environment):
    words = [re.sub(r'^uri=ws://tdengine:6041/power', 'uri=' + URI.rstrip('/') + '/' + POWER, word)
             for word in words]
    return subprocess.Popen(['gst-launch-1.0', '-q', *words], text=True,
                            env={**os.environ, **environment},
                            stdout=subprocess.PIPE)


def finish(processes):
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert all(process.returncode == 0 for process in processes), outputs
    return outputs


def run(sql):
    return testserver.rest(URI, sql)


class Scaling(unittest.TestCase):
    def setUp(self):
        self.addCleanup(self.drop)
        self.drop()
        for database in POWER, POWER + '_copy':
            run(f'create database {database} vgroups 2')
            run(f'create table {database}.meters (ts timestamp, v int) tags (n int)')
        for table in range(N_TABLES):
            rows = ' '.join(f'({ts}, {v})' for (name, ts), v in VALUES.items()
                            if name == f'd{table}')
            run(f'insert into {POWER}.d{table} using {POWER}.meters tags ({table}) values {rows}')

    def drop(self):
        run(f'drop database if exists {POWER}')
        run(f'drop database if exists {POWER}_copy')

    def check_copy(self):
        rows = run(f'select tbname, cast(ts as bigint), v, n from {POWER}_copy.meters')
        self.assertEqual({(name, ts): v for name, ts, v, n in rows}, VALUES)
        self.assertTrue(all(name == f'd{n}' for name, _, _, n in rows))

    def test_a_job_copies_everything(self):
        words, environment = read_job()
        finish([start(words, {**environment, 'JOB_COMPLETION_INDEX': str(i)})
                for i in range(N_PARTS)])
        self.check_copy()

    def test_units_copy_everything(self):
        finish([start(*read_unit(str(i))) for i in range(N_PARTS)])
        self.check_copy()

    def test_no_row_is_read_twice(self):
        words, environment = read_job()
        source = words[:words.index('!')]
        for more in [], ['split-by=table'], ['split-by=vgroup']:
            with self.subTest(more=more):
                kept = [word for word in source
                        if not more or not word.startswith('split-')]
                parts = finish([
                    start([*kept, *more, '!', 'tdenginecsvenc', 'header=false', '!', 'fdsink'],
                          {**environment, 'JOB_COMPLETION_INDEX': str(i)})
                    for i in range(N_PARTS)])
                rows = [line.split(',') for part in parts for line in part.splitlines()]
                self.assertEqual(sorted(int(row[2]) for row in rows),
                                 sorted(VALUES.values()))

    def test_a_part_that_is_run_again_reads_the_same(self):
        words, environment = read_job()
        words = [*words[:words.index('!')], '!', 'tdenginecsvenc', '!', 'fdsink']
        environment['JOB_COMPLETION_INDEX'] = '1'
        before, = finish([start(words, environment)])
        # later rows, which are of another part or behind this one's
        run(f'insert into {POWER}.d0 values ({FIRST + N_DAYS * DAY}, 1)'
            f' ({FIRST + (N_DAYS + 1) * DAY}, 2) ({FIRST - DAY}, 3)')
        after, = finish([start(words, environment)])
        self.assertLessEqual(set(before.splitlines()), set(after.splitlines()))
        self.assertGreater(len(before.splitlines()), N_TABLES)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
