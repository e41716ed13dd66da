#!/usr/bin/python3
# million: a million rows through the test server, and the memory that takes
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Binds rows to a prepared statement, 10,000 a message, and reads them back.

usage: million.py SERVER

The server keeps the rows in a file. Its memory must not grow with them: it is
looked at after a tenth and after all of them.
"""

import json
import os
import struct
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import replay
import testserver

N_ROWS = 1_000_000
MESSAGE_ROWS = 10_000
N_TABLES = 10
TIME = 1700000000000
BIND, FETCH = 9, 7
TIMESTAMP, INT, FLOAT = 9, 4, 6
# what memory may grow by between a tenth of the rows and all of them
MOST_GROWTH_KB = 32 * 1024


def column(kind, values, code):
    n = len(values)
    body = (struct.pack('<II', kind, n) + bytes(n) + b'\0'
            + struct.pack('<I', n * struct.calcsize(code))
            + struct.pack(f'<{n}{code}', *values))
    return struct.pack('<I', len(body) + 4) + body


def section(parts, code):
    return (b''.join(struct.pack('<' + code, len(part)) for part in parts)
            + b''.join(parts))


def bind(statement, table, first):
    """Rows of one table, with the tag that makes it."""
    rows = range(first, first + MESSAGE_ROWS)
    names = section([f'd{table}\0'.encode()], 'H')
    tags = section([column(INT, [table], 'i')], 'I')
    columns = section([column(TIMESTAMP, [TIME + row for row in rows], 'q')
                       + column(INT, rows, 'i')
                       + column(FLOAT, [1.5] * MESSAGE_ROWS, 'f')], 'I')
    at = [28, 28 + len(names), 28 + len(names) + len(tags)]
    size = at[2] + len(columns)
    return (struct.pack('<QQQHi', 1, statement, BIND, 1, -1)
            + struct.pack('<7I', size, 1, 1, 3, *at) + names + tags + columns)


class Client(replay.WebSocket):
    def ask(self, action, **args):
        self.send(json.dumps({'action': action,
                              'args': {'req_id': 1, **args}}))
        reply = json.loads(self.receive())
        if reply['code'] != 0:
            raise RuntimeError(f"{action}: {reply['message']}")
        return reply


def memory(server, name='VmRSS'):
    for line in Path(f'/proc/{server.process.pid}/status').open():
        if line.startswith(name):
            return int(line.split()[1])
    raise RuntimeError('no memory')


def write(client, server):
    """The server's memory after a tenth of the rows."""
    statement = client.ask('stmt2_init')['stmt_id']
    client.ask('stmt2_prepare', stmt_id=statement,
               sql='insert into ? using million.st tags (?) values (?, ?, ?)')
    early = 0
    for first in range(0, N_ROWS, MESSAGE_ROWS):
        client.send(bind(statement, first // MESSAGE_ROWS % N_TABLES, first))
        client.receive()
        client.ask('stmt2_exec', stmt_id=statement)
        if first == N_ROWS // 10:
            early = memory(server)
    client.ask('stmt2_close', stmt_id=statement)
    return early


def read(client):
    """How many rows there are, and the sum of a column."""
    result = client.ask('query', sql='select v from million.st')['id']
    n = total = 0
    while True:
        client.send(struct.pack('<QQQH', 1, result, FETCH, 1))
        reply = client.receive()
        if reply[50]:
            return n, total
        block = reply[55:]
        n_rows, = struct.unpack_from('<I', block, 8)
        values = 28 + 5 + 4 + (n_rows + 7) // 8
        total += sum(struct.unpack_from(f'<{n_rows}i', block, values))
        n += n_rows


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = testserver.Server('--data', os.path.join(folder, 'data'))
        for sql in ('create database million',
                    'create table million.st (ts timestamp, v int, f float) '
                    'tags (site int)'):
            testserver.rest(server.uri, sql)
        client = Client(server.port, '/ws')
        client.ask('conn', user='root', password='taosdata', db='million')
        begin = time.monotonic()
        early = write(client, server)
        written = time.monotonic()
        n, total = read(client)
        end = time.monotonic()
        late = memory(server)
        most = memory(server, 'VmHWM')
        client.close()
        server.stop()
    print(f'written {N_ROWS / (written - begin):,.0f} rows/s, '
          f'read {n / (end - written):,.0f} rows/s')
    print(f'memory {early:,} kB after a tenth, {late:,} kB at the end, '
          f'{most:,} kB at most')
    right = n == N_ROWS and total == N_ROWS * (N_ROWS - 1) // 2
    print(f'{n} rows, sum {total}: {"right" if right else "wrong"}')
    return 0 if right and most - early <= MOST_GROWTH_KB else 1


sys.exit(main())
