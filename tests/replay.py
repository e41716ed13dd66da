#!/usr/bin/python3
# replay: plays the record of a real server against the test server
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sends what the transcripts sent and holds each answer against the record.

usage: replay.py SERVER TRANSCRIPTS_FOLDER [NAME...]

What may differ is what transcripts/README.md lists, and no more: times of
day, ids, the order of rows where nothing orders them, and where blocks are
cut. So the rows of a result are compared as a whole, when the record has
reached its end.
"""

import base64
import datetime
import http.client
import json
import os
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

from replaytopics import TopicPlayer

# tmq_changes is played within tmq_stable_topic
PLAYED = ['session', 'setup', 'query', 'types', 'large', 'write_raw', 'stmt2',
          'tmq_setup', 'tmq', 'tmq_query_topic', 'tmq_all_types',
          'tmq_stable_topic', 'tmq_database_topic', 'rest']
CHANGES = ('tmq_changes',
           'rows deleted, a sub table dropped, a column added, a row inserted')

# databases and topics of the recording machine that no transcript makes before
# the record lists them
THERE_BEFORE = ['alltypes', 'p_ns', 'p_ms', 'p_us']
TOPICS_THERE_BEFORE = ['t_all_st', 't_all_db', 't_all']

FETCH = 7
FETCH_HEAD = 42
BLOCK_HEAD = 28

# fields of replies that differ from run to run
UNSTABLE = {'timing', 'id', 'stmt_id', 'message_id', 'vgroup_id'}

# how times begin that `now` made when the record was taken
TIME_MADE_BY_NOW = '2026-'

WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 4, 7: 8, 9: 8, 11: 1, 12: 2, 13: 4,
          14: 8, 17: 16, 21: 8}
PREFIXES = {8: 2, 10: 2, 15: 2, 16: 2, 18: 4, 20: 2}


class WebSocket:
    """As much of RFC 6455 as a test needs."""

    def __init__(self, port, path, host='127.0.0.1'):
        self.socket = socket.create_connection((host, port), 60)
        self.file = self.socket.makefile('rb')
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f'GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n'
            'Upgrade: websocket\r\nConnection: Upgrade\r\n'
            f'Sec-WebSocket-Key: {key}\r\n'
            'Sec-WebSocket-Version: 13\r\n\r\n').encode())
        status = self.file.readline()
        if b' 101 ' not in status:
            raise RuntimeError(f'no WebSocket at {path}: {status!r}')
        while self.file.readline() != b'\r\n':
            pass

    def send(self, payload):
        opcode = 1 if isinstance(payload, str) else 2
        data = payload.encode() if opcode == 1 else payload
        if len(data) < 126:
            head = struct.pack('>BB', 0x80 | opcode, 0x80 | len(data))
        elif len(data) < 65536:
            head = struct.pack('>BBH', 0x80 | opcode, 0xfe, len(data))
        else:
            head = struct.pack('>BBQ', 0x80 | opcode, 0xff, len(data))
        # a mask of zeros leaves the data as they are
        self.socket.sendall(head + bytes(4) + data)

    def receive(self):
        while True:
            first, second = self.file.read(2)
            length = second & 0x7f
            if length == 126:
                length, = struct.unpack('>H', self.file.read(2))
            elif length == 127:
                length, = struct.unpack('>Q', self.file.read(8))
            data = self.file.read(length)
            opcode = first & 0xf
            if not first & 0x80:
                raise RuntimeError('a fragmented frame, which is not expected')
            if opcode == 1:
                return data.decode()
            if opcode == 2:
                return data
            if opcode == 8:
                raise RuntimeError('the server closed the connection')

    def close(self):
        self.file.close()
        self.socket.close()


class Server:
    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, '--port', '0', '--die-with-stdin'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        match = re.fullmatch(r'listening on ws://127\.0\.0\.1:(\d+)/ws\n', line)
        if not match:
            raise RuntimeError(f'the server did not start: {line!r}')
        self.port = int(match[1])

    def stop(self):
        self.process.stdin.close()
        status = self.process.wait(30)
        self.process.stdout.close()
        return status


def decode_value(kind, data, at):
    """A value's own bytes; NULL is None."""
    width = WIDTHS.get(kind)
    if width:
        return data[at:at + width].hex()
    size = int.from_bytes(data[at:at + PREFIXES[kind]], 'little')
    at += PREFIXES[kind]
    return data[at:at + size].hex()


def decode_column(kind, block, at, n_rows, size):
    """The column's values, and where the next one begins."""
    if kind in WIDTHS:
        values = at + (n_rows + 7) // 8
        result = [
            None if block[at + row // 8] >> (7 - row % 8) & 1
            else decode_value(kind, block, values + row * WIDTHS[kind])
            for row in range(n_rows)]
        return result, values + size
    values = at + 4 * n_rows
    offsets = struct.unpack_from(f'<{n_rows}i', block, at)
    return [None if offset < 0 else decode_value(kind, block, values + offset)
            for offset in offsets], values + size


def decode_block(block):
    """What the block says of its columns, and its rows."""
    version, total, n_rows, n_columns, flags = struct.unpack_from(
        '<iiiiI', block)
    if total != len(block):
        raise ValueError(f'a block of {len(block)} bytes says {total}')
    schema = [struct.unpack_from('<Bi', block, BLOCK_HEAD + 5 * i)
              for i in range(n_columns)]
    at = BLOCK_HEAD + 5 * n_columns
    sizes = struct.unpack_from(f'<{n_columns}i', block, at)
    at += 4 * n_columns
    columns = []
    for (kind, _), size in zip(schema, sizes):
        values, at = decode_column(kind, block, at, n_rows, size)
        columns.append(values)
    if at + 1 != len(block):
        raise ValueError(f'{len(block) - at} bytes behind the last column')
    return (version, flags, schema), list(zip(*columns))


def decode_fetch(frame):
    """A reply to fetch_raw_block: what is to compare, and the block."""
    mark, action, version, _, req_id, code, size = struct.unpack_from(
        '<QQHQQII', frame)
    message = frame[FETCH_HEAD:FETCH_HEAD + size].decode()
    at = FETCH_HEAD + size
    finished = frame[at + 8]
    head = {'mark': mark, 'action': action, 'version': version,
            'req_id': req_id, 'code': code, 'message': message}
    if finished:
        if len(frame) != at + 9:
            raise ValueError('bytes behind the end of a result')
        return head, None
    block = frame[at + 13:]
    length, = struct.unpack_from('<I', frame, at + 9)
    if length != len(block):
        raise ValueError(f'a block of {len(block)} bytes is said to be {length}')
    return head, block


class ResultRows:
    """What came of one result, in the record and from the server."""

    def __init__(self, line, sql):
        self.line = line
        self.sql = sql
        self.expected = []
        self.got = []
        self.expected_schema = None
        self.got_schema = None
        self.got_end = False
        self.expected_end = False


def order_columns(sql, names):
    """Which columns `order by` puts in order."""
    match = re.search(r'order by (.*?)( limit|$)', sql)
    if not match:
        return []
    keys = [key.strip().split()[0] for key in match[1].split(',')]
    return [names.index(key) for key in keys if key in names]


class Player:
    def __init__(self, port):
        self.port = port
        self.frames = 0
        self.differences = 0
        self.name = ''

    def differ(self, line, expected, got):
        self.differences += 1
        print(f'{self.name}.jsonl:{line}:\n  expected {expected}\n'
              f'  got      {got}')

    def compare(self, line, expected, got, what=''):
        if expected != got:
            self.differ(line, f'{what}{expected}', f'{what}{got}')

    def play(self, path):
        self.name = path.stem
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        if 'path' in lines[0]:
            for number, exchange in enumerate(lines, 1):
                self.play_http(number, exchange)
            return
        if lines[0].get('note') == 'connection to /rest/tmq':
            self.play_topic(path, lines)
            return
        self.socket = WebSocket(self.port, '/ws')
        self.results = {}
        self.ids = {}
        self.stmt_ids = {}
        self.sql = ''
        self.fetched = None
        self.fields = {}
        for number, frame in enumerate(lines, 1):
            if frame.get('dir') == 'send':
                self.send(number, frame, self.answer_to(lines, number))
        for result in self.results.values():
            self.finish(result)
        self.socket.close()

    def play_topic(self, path, lines):
        """What a consumer did; a note tells when something changed."""
        def change(note):
            if note == CHANGES[1]:
                name = self.name
                self.play(path.with_name(f'{CHANGES[0]}.jsonl'))
                self.name = name
        socket = WebSocket(self.port, '/rest/tmq')
        TopicPlayer(self, socket, decode_block, change).play(lines)
        socket.close()

    @staticmethod
    def answer_to(lines, number):
        """The recorded answer, None for a frame that has none."""
        after = [line for line in lines[number:] if 'dir' in line][:1]
        return after[0] if after and after[0]['dir'] == 'recv' else None

    def send(self, line, frame, answer):
        if 'hex' in frame:
            self.send_binary(line, bytes.fromhex(frame['hex']), answer)
        else:
            self.send_text(line, frame['text'], answer)

    # text frames

    def send_text(self, line, text, answer):
        try:
            request = json.loads(text)
        except ValueError:
            request = {}
        args = request.get('args', {})
        if 'stmt_id' in args:
            args['stmt_id'] = self.stmt_ids.get(args['stmt_id'],
                                                args['stmt_id'])
        if 'id' in args:
            args['id'] = self.ids.get(args['id'], args['id'])
        self.sql = args.get('sql', self.sql)
        self.socket.send(json.dumps(request) if request else text)
        if not answer:
            return
        got = self.socket.receive()
        if 'hex' in answer:
            self.compare_old_block(line, bytes.fromhex(answer['hex']), got)
        else:
            self.compare_text(line + 1, answer['text'], got)

    def compare_text(self, line, expected_text, got_text):
        self.frames += 1
        if not isinstance(got_text, str):
            self.differ(line, 'a text frame', f'{len(got_text)} bytes')
            return
        expected = json.loads(expected_text)
        got = json.loads(got_text)
        self.compare(line, list(expected), list(got), 'keys ')
        for key, value in expected.items():
            if key == 'info':
                self.compare_info(line, value, got.get(key))
            elif key not in UNSTABLE:
                self.compare(line, value, got.get(key), f'{key} ')
        if expected.get('id') and got.get('id') and 'fields_names' in expected:
            self.ids[expected['id']] = got['id']
            result = ResultRows(line, self.sql)
            result.names = expected['fields_names']
            self.results[expected['id']] = result
        if 'stmt_id' in expected and 'stmt_id' in got:
            self.stmt_ids[expected['stmt_id']] = got['stmt_id']
        # the escapes are part of the bytes
        self.compare(line, '\\u003e' in expected_text, '\\u003e' in got_text,
                     'escaped ')

    def compare_info(self, line, expected, got):
        """All but the build string."""
        def drop(text):
            return [part for part in text.split('\n')
                    if not part.startswith('build:')]
        self.compare(line, drop(expected), drop(got), 'info ')

    def compare_old_block(self, line, expected, got):
        """The reply to fetch_block: time, id, block."""
        self.frames += 1
        if isinstance(got, str):
            self.differ(line + 1, 'a binary frame', got)
            return
        (schema, rows), (got_schema, got_rows) = map(
            decode_block, (expected[16:], got[16:]))
        self.compare(line + 1, schema, got_schema, 'block schema ')
        self.compare(line + 1, sorted(rows, key=repr),
                     sorted(got_rows, key=repr), 'rows ')

    # binary frames

    def send_binary(self, line, frame, answer):
        req_id, resource, action = struct.unpack_from('<QQQ', frame)
        if action == FETCH:
            self.fetch(line, req_id, resource, bytes.fromhex(answer['hex']))
            return
        if action == 6:
            self.sql = frame[30:].decode()
        if action == 9:
            mapped = self.stmt_ids.get(resource, resource)
            frame = frame[:8] + struct.pack('<Q', mapped) + frame[16:]
        self.socket.send(frame)
        self.compare_text(line + 1, answer['text'], self.socket.receive())

    def ask(self, req_id, resource):
        self.socket.send(struct.pack(
            '<QQQH', req_id, self.ids.get(resource, resource), FETCH, 1))
        return decode_fetch(self.socket.receive())

    def fetch(self, line, req_id, resource, answer):
        self.frames += 1
        expected, expected_block = decode_fetch(answer)
        result = self.results.get(resource)
        if not result:
            got, _ = self.ask(req_id, resource)
            self.compare(line + 1, expected, got)
            return
        if expected_block:
            schema, rows = decode_block(expected_block)
            result.expected_schema = schema
            result.expected += rows
        else:
            result.expected_end = True
        if not result.got_end:
            got, block = self.ask(req_id, resource)
            self.compare(line + 1, expected, got)
            self.take(result, block)
        if result.expected_end:
            self.finish(result)

    def take(self, result, block):
        if not block:
            result.got_end = True
            return
        schema, rows = decode_block(block)
        if result.got_schema and schema != result.got_schema:
            self.differ(result.line, result.got_schema, schema)
        result.got_schema = schema
        result.got += rows

    def finish(self, result):
        """Compares the rows, once all of them are there."""
        if result.expected is None:
            return
        if not result.expected:
            if result.expected_end:
                self.drain(result)
                self.compare(result.line, [], result.got, 'rows ')
                result.expected = None
            return
        self.drain(result)
        self.compare(result.line, result.expected_schema, result.got_schema,
                     'block schema ')
        if result.expected_end:
            self.compare_rows(result)
        else:
            self.compare_start(result)
        result.expected = None

    def drain(self, result):
        resource = next(key for key, value in self.results.items()
                        if value is result)
        while not result.got_end:
            head, block = self.ask(1, resource)
            if head['code'] != 0:
                # freed in the record's order: what came before counts
                return
            self.take(result, block)

    def compare_rows(self, result):
        expected = sorted(result.expected, key=repr)
        got = sorted(result.got, key=repr)
        if expected != got:
            missing = [row for row in expected if row not in got][:3]
            extra = [row for row in got if row not in expected][:3]
            self.differ(result.line, f'{len(expected)} rows, among them '
                        f'{missing}', f'{len(got)} rows, among them {extra}')
        for column in order_columns(result.sql, result.names):
            self.compare(result.line,
                         [row[column] for row in result.expected],
                         [row[column] for row in result.got], 'order ')

    def compare_start(self, result):
        """The record stops before the end: its rows are among all."""
        left = list(result.got)
        for row in result.expected:
            if row not in left:
                self.differ(result.line, row, 'not among the rows')
                continue
            left.remove(row)

    # HTTP

    def play_http(self, line, exchange):
        self.frames += 1
        password = 'taosdata'
        # the record does not say it, but this is what was sent
        if '"code":855' in exchange['reply']:
            password = 'wrong'
        headers = {}
        if exchange['auth']:
            pair = base64.b64encode(f'root:{password}'.encode()).decode()
            headers['Authorization'] = f'Basic {pair}'
        connection = http.client.HTTPConnection('127.0.0.1', self.port)
        connection.request('POST', exchange['path'],
                           exchange['body'].encode(), headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        self.compare(line, exchange['status'], response.status, 'status ')
        expected = json.loads(exchange['reply'])
        try:
            got = json.loads(body)
        except ValueError:
            self.differ(line, exchange['reply'], body)
            return
        self.compare(line, list(expected), list(got), 'keys ')
        for key, value in expected.items():
            if key == 'data':
                self.compare_data(line, value, got.get(key))
            elif key not in UNSTABLE:
                self.compare(line, value, got.get(key), f'{key} ')

    def compare_data(self, line, expected, got):
        def stable(rows):
            return sorted(([self.hide_now(value) for value in row]
                           for row in rows), key=repr)
        self.compare(line, stable(expected), stable(got or []), 'data ')

    @staticmethod
    def hide_now(value):
        """A time made by now: the record's, or about this one's."""
        if not isinstance(value, str):
            return value
        try:
            time = datetime.datetime.fromisoformat(
                re.sub(r'\.\d+', '', value).replace('Z', '+00:00'))
        except ValueError:
            return value
        if time.tzinfo and (value.startswith(TIME_MADE_BY_NOW) or abs(
                time - datetime.datetime.now(datetime.timezone.utc)
                ) < datetime.timedelta(hours=1)):
            return f'now, {len(value)} characters, {time.utcoffset()}'
        return value


def prepare(port):
    socket = WebSocket(port, '/ws')
    socket.send(json.dumps({'action': 'conn', 'args': {
        'req_id': 1, 'user': 'root', 'password': 'taosdata'}}))
    socket.receive()
    made = [f'create database {name}' for name in THERE_BEFORE]
    made += [f'create topic {name} as database {THERE_BEFORE[0]}'
             for name in TOPICS_THERE_BEFORE]
    for sql in made:
        socket.send(json.dumps({'action': 'query', 'args': {
            'req_id': 2, 'sql': sql}}))
        reply = json.loads(socket.receive())
        if reply['code'] != 0:
            raise RuntimeError(reply['message'])
    socket.close()


def main(program, folder, names):
    server = Server(program)
    player = Player(server.port)
    try:
        prepare(server.port)
        for name in names or PLAYED:
            player.play(Path(folder) / f'{name}.jsonl')
    finally:
        status = server.stop()
    print(f'{player.frames} frames compared, {player.differences} differences')
    if status != 0:
        print(f'the server ended with status {status}')
    return 1 if player.differences or status != 0 else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
