#!/usr/bin/python3
# seeds: what the record of a real server gives a fuzzer to begin with
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes corpora and a dictionary of words.

usage: seeds.py TRANSCRIPTS_FOLDER OUTPUT_FOLDER

OUTPUT_FOLDER/sql/ has a file for each connection, a statement a line, with
the tables made first; requests/ the same connections as requests.c reads
them, http/ one as a client's bytes; words.dict what SQL is made of.
"""

import json
import re
import struct
import sys
from pathlib import Path

SETUP = 'setup'
CONNECTIONS = ['query', 'types', 'stmt2', 'large', 'tmq_setup', 'tmq_changes']
TOPICS = ['tmq', 'tmq_all_types', 'tmq_database_topic', 'tmq_query_topic',
          'tmq_stable_topic']
SQL_ACTIONS = {6, 10}       # binary_query, validate_sql
SQL_AT = 30
OVER_TOPICS = 2             # in a request's kind
# a request has to fit into its length of 16 bits
MAX_REQUEST = 65535
UPGRADE = ('GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n'
           'Connection: Upgrade\r\n'
           'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
           'Sec-WebSocket-Version: 13\r\n\r\n').encode()
REST = ('POST /rest/sql HTTP/1.1\r\nHost: 127.0.0.1\r\n'
        'Authorization: Basic cm9vdDp0YW9zZGF0YQ==\r\n'
        'Content-Length: 14\r\n\r\nshow databases').encode()
FAULT = ('POST /-/fault HTTP/1.1\r\nHost: 127.0.0.1\r\n'
         'Content-Length: 51\r\n\r\n'
         '[{"action":"query","nth":2,"fault":"cut","count":3}]').encode()
# longer statements only repeat themselves
MAX_STATEMENT = 2000


def sent(folder, name):
    """The frames of a connection that the client sent."""
    with open(folder / f'{name}.jsonl', encoding='utf-8') as lines:
        for line in lines:
            frame = json.loads(line)
            if frame.get('dir') == 'send':
                yield (frame['text'] if 'text' in frame
                       else bytes.fromhex(frame['hex']))


def statements(folder, name):
    for frame in sent(folder, name):
        if isinstance(frame, str):
            sql = json.loads(frame).get('args', {}).get('sql')
        elif frame[16] in SQL_ACTIONS:
            sql = frame[SQL_AT:].decode(errors='replace')
        else:
            sql = None
        if sql and len(sql) < MAX_STATEMENT:
            yield sql.replace('\n', ' ')


def write_statements(folder, output):
    """Whole connections, and each statement of them behind the tables."""
    output.mkdir(parents=True, exist_ok=True)
    setup = list(statements(folder, SETUP))
    (output / SETUP).write_text('\n'.join(setup))
    for name in CONNECTIONS:
        found = list(statements(folder, name))
        (output / name).write_text('\n'.join(setup + found))
        for number, sql in enumerate(found):
            (output / f'{name}-{number}').write_text('\n'.join(setup + [sql]))


def older_statement():
    """What no transcript has: a statement of the older kind, binding a row."""
    yield {'action': 'init', 'args': {'req_id': 2}}
    for action, args in [
            ('prepare', {'sql': 'insert into ? using power.meters tags(?, ?) '
                                '(ts, current) values(?, ?)'}),
            ('set_table_name', {'name': 'power.older'}),
            ('set_tags', {'tags': ['Oslo', 1]})]:
        yield {'action': action, 'args': {'req_id': 3, 'stmt_id': 1, **args}}
    columns = (struct.pack('<BIBI', 9, 8, 6, 4) + struct.pack('<II', 8, 4)
               + struct.pack('<BqBf', 0, 1700000000000, 0, 1.5))
    yield (struct.pack('<QQQ', 4, 1, 2)
           + struct.pack('<iIIIIQ', 1, 28 + len(columns), 1, 2, 0x80000000, 0)
           + columns)
    for action in 'add_batch', 'exec', 'close':
        yield {'action': action, 'args': {'req_id': 5, 'stmt_id': 1}}


def pack(frames, kind=0):
    for frame in frames:
        is_text = not isinstance(frame, bytes)
        data = frame if isinstance(frame, bytes) else frame.encode()
        if len(data) <= MAX_REQUEST:
            yield struct.pack('<BH', kind | is_text, len(data)) + data


def write_requests(folder, output):
    output.mkdir(parents=True, exist_ok=True)
    setup = list(sent(folder, SETUP))
    older = [frame if isinstance(frame, bytes) else json.dumps(frame)
             for frame in older_statement()]
    for name, frames in [(SETUP, []), ('older', older)] + [
            (name, sent(folder, name))
            for name in CONNECTIONS + ['session', 'write_raw']]:
        (output / name).write_bytes(b''.join(pack([*setup, *frames])))
    logged = [frame for name in [SETUP, 'tmq_setup', 'types', 'tmq_changes']
              for frame in sent(folder, name)]
    for name in TOPICS:
        (output / name).write_bytes(
            b''.join([*pack(logged), *pack(sent(folder, name), OVER_TOPICS)]))


def write_http(folder, output):
    output.mkdir(parents=True, exist_ok=True)
    (output / 'rest').write_bytes(REST)
    (output / 'fault').write_bytes(FAULT + UPGRADE)
    frames = b''
    for frame in sent(folder, 'session'):
        data = frame.encode() if isinstance(frame, str) else frame
        head = bytes([0x81 if isinstance(frame, str) else 0x82])
        if len(data) < 126:
            head += bytes([0x80 | len(data)])
        else:
            head += b'\xfe' + struct.pack('>H', len(data))
        frames += head + bytes(4) + data
    (output / 'session').write_bytes(UPGRADE + frames)


def write_words(folder, output):
    text = ' '.join(sql for name in [SETUP] + CONNECTIONS
                    for sql in statements(folder, name))
    words = sorted(set(re.findall(r'[A-Za-z_]{2,}|[<>=!|&]{2}', text)))
    output.write_text(''.join(f'" {word} "\n' for word in words))


def main(folder, output):
    write_statements(folder, output / 'sql')
    write_requests(folder, output / 'requests')
    write_http(folder, output / 'http')
    write_words(folder, output / 'words.dict')


main(*map(Path, sys.argv[1:]))
