#!/usr/bin/python3
# record: what a pipeline shows of all types is what a real server showed
#
# The tables of setup.jsonl are made, written into others by the sink and read
# back by the source; both have to agree with the REST reply of rest.jsonl,
# which writes values as tdenginejsonenc does.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import json
import os
import pathlib
import sys

import testserver

TABLES = ('st', 'tagged', 'blobs')
SQL = 6             # the number of a query's action, at byte 16

records = pathlib.Path(sys.argv[2])
name = f'test_record_{os.getpid()}'
failures = 0


def frames(file):
    with open(records / file, encoding='utf-8') as lines:
        return [json.loads(line) for line in lines]


def statements():
    """The SQL of setup.jsonl that is about the database `types`."""
    for frame in frames('setup.jsonl'):
        sent = bytes.fromhex(frame.get('hex', '')) if frame.get('dir') == \
            'send' else b''
        if len(sent) > 30 and sent[16] == SQL:
            sql = sent[30:].decode()
            if 'types' in sql and 'topic' not in sql:
                yield sql.replace('database types', f'database {name}') \
                    .replace('exists types', f'exists {name}') \
                    .replace('types.', f'{name}.')


def recorded():
    """The rows of types.st that setup.jsonl made, as REST gave them."""
    for exchange in frames('rest.jsonl'):
        if exchange['body'] == 'select * from types.st':
            reply = json.loads(exchange['reply'])
            names = [column[0] for column in reply['column_meta']]
            # stmt2.jsonl has added a row at 11:12 that is not in setup.jsonl
            return [dict(zip(names, row)) for row in reply['data']
                    if not row[0].startswith('2024-12-19T11:12')]
    raise RuntimeError('rest.jsonl lacks types.st')


def check(what, found, expected):
    global failures
    if found == expected:
        print(f'ok: {what}')
        return
    failures += 1
    print(f'not ok: {what}\n  expected {expected}\n  found    {found}')


def read(uri, query):
    text = testserver.launch('tdenginesrc', f'uri={uri}', f'query={query}',
                             '!', 'tdenginejsonenc', '!', 'fdsink')
    return [json.loads(line) for line in text.splitlines()]


def main():
    uri = testserver.start()
    for sql in statements():
        testserver.rest(uri, sql)
    expected = sorted(recorded(), key=lambda row: row['ts'])
    found = read(uri, f'select * from {name}.st order by ts')
    check('types.st as recorded', found, expected)

    testserver.rest(uri, f'create database {name}_to precision "ns"')
    for table in TABLES:
        create = testserver.rest(uri, f'show create table {name}.{table}')[0][1]
        testserver.rest(uri, create, f'{name}_to')
        testserver.launch('tdenginesrc', f'uri={uri}',
                          f'query=select tbname, * from {name}.{table}', '!',
                          'queue', '!', 'tdenginesink', f'uri={uri}',
                          f'database={name}_to', f'super-table={table}')
        order = 'order by tbname, ts'
        check(f'{table} copied',
              read(uri, f'select tbname, * from {name}_to.{table} {order}'),
              read(uri, f'select tbname, * from {name}.{table} {order}'))
    check('types.st copied, as recorded',
          read(uri, f'select * from {name}_to.st order by ts'), expected)
    for database in (name, f'{name}_to'):
        testserver.rest(uri, f'drop database {database}')
    return 1 if failures else 0


sys.exit(main())
