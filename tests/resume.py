#!/usr/bin/python3
# resume: a copy that is killed again and again ends with every row
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: resume.py SERVER [KILLS]

A pipeline copies a super table, split by tables, times or tags, with a state
file. It is killed when the target has a number of rows, which is drawn; the
next one goes on from the file. Nothing may be missing at the end, what was
recorded is not read again, and a finished file has nothing left to read.

Then four processes share the splits, with a file each and with none; one of
them is killed, and run again with its index.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import testserver

N_TABLES, N_ROWS, N_PARTS = 5, 3000, 4
TOTAL = N_TABLES * N_ROWS
# of all values, and of all rows' places in their tables
SUM = N_ROWS * sum(range(N_TABLES)) * 10000 + N_TABLES * sum(range(N_ROWS))
FIRST = 1700000000000

name = f'test_resume_{os.getpid()}'

SPLITS = {
    'table': ['split-by=table', 'parallelism=2', 'select=tbname, *'],
    'time': ['split-by=time', 'split-interval=500s', 'parallelism=2',
             'select=tbname, *', 'split-column=ts'],
    'tag': ['split-by=tag', 'select=tbname, *',
            'split-conditions=g < 2; g >= 2'],
}


def fill(uri):
    testserver.rest(uri, f'create database {name} vgroups 2')
    testserver.rest(uri, f'create table {name}.m (ts timestamp, v int) '
                    'tags (g int)')
    for table in range(N_TABLES):
        values = ' '.join(f'({FIRST + 1000 * row},{10000 * table + row})'
                          for row in range(N_ROWS))
        testserver.rest(uri, f'insert into {name}.d{table} using {name}.m '
                        f'tags({table}) values {values}')


def make_target(uri):
    testserver.rest(uri, f'create database {name}_to')
    testserver.rest(uri, f'create table {name}_to.m (ts timestamp, v int) '
                    'tags (g int)')


def start(uri, state, splits):
    # slow enough to be met in the middle
    return subprocess.Popen(
        ['gst-launch-1.0', '-q', 'tdenginesrc', f'uri={uri}',
         f'database={name}', 'table=m', 'checkpoint-interval=10',
         'rows-per-buffer=100', *splits,
         *([f'state-file={state}'] if state else []), '!',
         'identity', 'sleep-time=1500', '!', 'queue', 'max-size-buffers=5', '!',
         'tdenginesink', f'uri={uri}', f'database={name}_to', 'super-table=m',
         'batch-size=200'])


def count(uri):
    return testserver.rest(uri, f'select count(*) from {name}_to.m')[0][0]


def kill_in_the_middle(uri, process, at):
    while process.poll() is None:
        if count(uri) >= at:
            process.kill()
            process.wait()
            return True
    return False


def read_state(path):
    if not path.exists():
        return {}
    return json.loads(path.read_text())['parts']


def check_progress(before, after):
    """What was done stays done, and no split goes back."""
    for part, was in before.items():
        now = after[part]
        assert now['done'] >= was['done'], (part, was, now)
        assert now['done'] or now['position'] >= was['position'], (was, now)


def check_target(uri, kind):
    found = testserver.rest(uri, f'select count(*), sum(v) from {name}_to.m')
    assert found == [[TOTAL, SUM]], (kind, found, [TOTAL, SUM])


def run(uri, folder, kind, kills):
    state = pathlib.Path(folder) / f'{kind}.state'
    known, killed = {}, 0
    make_target(uri)
    while killed < kills:
        left = TOTAL - count(uri)
        process = start(uri, state, SPLITS[kind])
        if not kill_in_the_middle(uri, process,
                                  TOTAL - left + random.randint(0, left // 2)):
            assert process.wait() == 0
            break
        killed += 1
        check_progress(known, read_state(state))
        known = read_state(state)
    else:
        assert start(uri, state, SPLITS[kind]).wait(60) == 0
    check_target(uri, kind)
    assert all(part['done'] for part in read_state(state).values())
    again = testserver.launch(
        'tdenginesrc', f'uri={uri}', f'database={name}', 'table=m',
        f'state-file={state}', *SPLITS[kind], '!', 'tdenginecsvenc', '!',
        'fdsink')
    assert again == '', again
    testserver.rest(uri, f'drop database {name}_to')
    return killed


def run_parts(uri, kind, states):
    """A process for each state file, which may be none."""
    def start_part(index):
        return start(uri, states[index], [
            *SPLITS[kind], f'split-index={index}',
            f'split-count={len(states)}'])

    make_target(uri)
    parts = [start_part(index) for index in range(len(states))]
    victim = random.randrange(len(parts))
    killed = kill_in_the_middle(uri, parts[victim],
                                random.randint(1, TOTAL // 4))
    parts[victim].wait()
    parts[victim] = start_part(victim)
    assert [part.wait(60) for part in parts] == [0] * len(parts)
    check_target(uri, kind)
    testserver.rest(uri, f'drop database {name}_to')
    return killed


def main():
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    uri = testserver.start()
    random.seed(7)
    fill(uri)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for kind in SPLITS:
                killed = run(uri, folder, kind, kills // len(SPLITS) + 1)
                print(f'{kind}: killed {killed} times, {TOTAL} rows there')
                for states in ([f'{folder}/{kind}.{i}' for i in range(N_PARTS)],
                               [None] * N_PARTS):
                    killed = run_parts(uri, kind, states)
                    print(f'{kind}, {N_PARTS} parts: one killed: {killed}')
    finally:
        for database in (name, f'{name}_to'):
            testserver.rest(uri, f'drop database if exists {database}')


main()
