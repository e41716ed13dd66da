#!/usr/bin/python3
# badrows: what can't be written is found among what can
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: badrows.py SERVER [ROWS [EVERY]]

Loads ROWS lines of CSV, one in EVERY of which is bad in one of six ways, in
every write mode. All others have to be in the table, and these in the file of
rejects, each with its reason.
"""

import json
import os
import subprocess
import sys
import tempfile

import testserver

MODES = ['auto', 'raw', 'bind', 'sql']
N_TABLES = 10
FIRST = 1700000000000
CAPS = ('application/x-tdengine-rows,precision=ms,columns=(structure)<'
        '[column,name=tbname,type=VARCHAR,length=(uint)192],'
        '[column,name=ts,type=TIMESTAMP],'
        '[column,name=id,type=INT],'
        '[column,name=note,type=VARCHAR,length=(uint)64]>')

# table, time and note of a bad row, and what its reason says of it
KINDS = [
    ('d0', '-2208988800000', 'old', 'out of range'),
    ('d0', str(FIRST - 1), 'longer than eight', 'room for 8'),
    ('d0', '', 'no time', 'NULL'),
    ('a.b', str(FIRST), 'dotted', 'no name of a table'),
    ('', str(FIRST), 'no name', 'has no tbname'),
    ('nosuch', str(FIRST), 'no table', '0x2603'),
]

name = f'test_badrows_{os.getpid()}'


def lines(n_rows, every):
    yield 'tbname,ts,id,note\n'
    for i in range(n_rows):
        if i % every == every // 2:
            table, time, note, _ = KINDS[i // every % len(KINDS)]
            yield f'{table},{time},{i},{note}\n'
        else:
            yield f'd{i % N_TABLES},{FIRST + i},{i},good\n'


def load(uri, source, rejects, mode):
    subprocess.run(
        ['gst-launch-1.0', '-q', 'filesrc', f'location={source}', '!',
         'tdenginecsvdec', f'caps={CAPS}', '!',
         'tdenginesink', 'name=sink', f'uri={uri}', f'database={name}',
         'super-table=m', f'write-mode={mode}', 'on-error=reject',
         'sink.rejects', '!', 'tdenginejsonenc', 'origin=true', '!',
         'filesink', f'location={rejects}'], check=True, timeout=300)


def check(uri, rejects, n_rows, every):
    bad = range(every // 2, n_rows, every)
    found = testserver.rest(uri, f'select count(*), sum(id) from {name}.m')
    assert found == [[n_rows - len(bad), sum(range(n_rows)) - sum(bad)]], found
    with open(rejects, encoding='utf-8') as file:
        reasons = {row['id']: row['origin']['reason']
                   for row in map(json.loads, file)}
    assert sorted(reasons) == list(bad)
    for row, reason in reasons.items():
        expected = KINDS[row // every % len(KINDS)][3]
        assert expected in reason, (row, reason)
    return len(reasons)


def run(uri, folder, mode, n_rows, every):
    source, rejects = f'{folder}/rows.csv', f'{folder}/rejects'
    testserver.rest(uri, f'create database {name} keep 36500')
    testserver.rest(uri, f'create table {name}.m (ts timestamp, id int, '
                    'note varchar(8)) tags (g int)')
    for table in range(N_TABLES):
        testserver.rest(uri, f'create table {name}.d{table} using {name}.m '
                        f'tags ({table})')
    load(uri, source, rejects, mode)
    n_bad = check(uri, rejects, n_rows, every)
    print(f'{mode}: {n_rows - n_bad} rows written, {n_bad} rejected',
          flush=True)
    testserver.drop(uri, f'database {name}')


def main():
    n_rows = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    every = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    uri = testserver.start()
    with tempfile.TemporaryDirectory() as folder:
        with open(f'{folder}/rows.csv', 'w', encoding='utf-8') as file:
            file.writelines(lines(n_rows, every))
        for mode in MODES:
            run(uri, folder, mode, n_rows, every)


main()
