#!/usr/bin/python3
# sidedoor: each fault of the test server, as a client's bytes show it
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import base64
import contextlib
import http.client
import json
import os
import socket
import struct
import sys
import tempfile
import time
import urllib.error

import replay
import testserver

TEXT, BINARY, PONG = 1, 2, 10
QUERY, FETCH = 6, 7

# the body of a fetch's reply: head, result, finished, length; then the block
FETCH_LENGTH_AT = 51
BLOCK_LENGTH_AT = 55 + 4

# how long a fault that delays has to be seen
DELAY_MS = 300


class Peer(replay.WebSocket):
    """A client that looks at frames."""

    def __init__(self, server, path='/ws'):
        super().__init__(server.port, path)
        self.server = server
        self.req_id = 0

    def frame(self):
        """Opcode, length as the head says, payload; None where it ends."""
        head = self.file.read(2)
        if len(head) < 2:
            return None
        length = head[1] & 0x7f
        if length == 126:
            length, = struct.unpack('>H', self.file.read(2))
        elif length == 127:
            length, = struct.unpack('>Q', self.file.read(8))
        return head[0] & 0xf, length, self.file.read(min(length, 1 << 20))

    def rest(self):
        """All bytes that still come."""
        return self.file.read()

    def call(self, action, **args):
        self.req_id += 1
        self.send(json.dumps({'action': action,
                              'args': {'req_id': self.req_id, **args}}))

    def ask(self, action, **args):
        self.call(action, **args)
        return json.loads(self.receive())

    def log_in(self):
        return self.ask('conn', user='root', password='taosdata')

    def fetch(self, result):
        self.req_id += 1
        self.send(struct.pack('<QQQH', self.req_id, result, FETCH, 1))

    def query(self, sql):
        self.req_id += 1
        data = sql.encode()
        self.send(struct.pack('<QQQHI', self.req_id, 0, QUERY, 1, len(data))
                  + data)

    def is_silent(self, seconds):
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(60)


def expect(found, expected, what):
    if found != expected:
        raise AssertionError(f'{what}: expected {expected}, found {found}')


@contextlib.contextmanager
def peer(server, *rules):
    """One that is logged in; then the rules hold, and each fires once."""
    client = Peer(server)
    expect(client.log_in()['code'], 0, 'login')
    server.set_faults(*rules)
    yield client
    for rule in server.clear_faults():
        expect(rule['fired'], 1, rule['fault'])
    client.close()


def sql(server, text):
    return testserver.rest(server.uri, text)


def bodies(server):
    """What the reply to the version and to a fetch is without a fault."""
    with peer(server) as client:
        reply = client.ask('query', sql='select * from faults.t')
        client.fetch(reply['id'])
        return client.receive()


def test_error_comes_in_place_of_the_work(server):
    with peer(server, {'action': 'query', 'fault': 'error', 'code': 905,
                       'message': 'Server busy'}) as client:
        reply = client.ask('query', sql='create table faults.no (ts timestamp, '
                           'v int)')
        expect((reply['code'], reply['message'], reply['action'],
                reply['req_id']), (905, 'Server busy', 'query', 2), 'reply')
        expect(client.ask('query', sql='create table faults.no (ts timestamp, '
                          'v int)')['code'], 0, 'the next')
    sql(server, 'drop table faults.no')


def test_error_of_a_fetch_is_binary(server):
    with peer(server, {'action': 'fetch_raw_block', 'fault': 'error',
                       'code': 800, 'message': 'gone'}) as client:
        client.fetch(7)
        reply = client.receive()
        expect(struct.unpack_from('<I', reply, 34)[0], 800, 'code')
        expect(reply[42:46], b'gone', 'message')


def test_login_is_refused(server):
    server.set_faults({'action': 'conn', 'fault': 'error', 'code': 0x357,
                       'message': 'Authentication failure'})
    client = Peer(server)
    reply = client.log_in()
    expect((reply['code'], reply['message']), (855, 'Authentication failure'),
           'login')
    expect(client.log_in()['code'], 0, 'second login')
    client.close()
    server.clear_faults()


def test_upgrade_is_refused(server):
    for status in 401, 503:
        server.set_faults({'action': 'upgrade', 'fault': 'status',
                           'code': status})
        try:
            Peer(server)
            raise AssertionError('there was an upgrade')
        except RuntimeError as error:
            expect(str(status) in str(error), True, str(error))
        Peer(server).close()
    server.clear_faults()


def test_reply_is_delayed(server):
    with peer(server, {'action': 'version', 'fault': 'delay',
                       'ms': DELAY_MS}) as client:
        begin = time.monotonic()
        client.call('version')
        client.call('get_current_db')
        actions = [json.loads(client.receive())['action'] for _ in range(2)]
        expect(actions, ['get_current_db', 'version'], 'order')
        expect(time.monotonic() - begin >= DELAY_MS / 1000, True, 'delay')


def test_reply_is_lost(server):
    with peer(server, {'action': 'query', 'fault': 'lose'}) as client:
        client.call('query', sql="insert into faults.t values (1700000000000, 1, 'x')")
        expect(client.ask('version')['action'], 'version', 'the only reply')
    expect(sql(server, 'select count(*) from faults.t'), [[4]], 'work done')
    sql(server, 'delete from faults.t where ts = 1700000000000')


def test_request_is_ignored(server):
    with peer(server, {'action': 'query', 'fault': 'ignore'}) as client:
        client.call('query', sql="insert into faults.t values (1700000000000, 1, 'x')")
        expect(client.ask('version')['action'], 'version', 'the only reply')
    expect(sql(server, 'select count(*) from faults.t'), [[3]], 'no work')


def test_cut_before_the_work(server):
    with peer(server, {'action': 'binary_query', 'fault': 'cut',
                       'on': 'request'}) as client:
        client.query("insert into faults.t values (1700000000000, 1, 'x')")
        expect(client.rest(), b'', 'what came')
    expect(sql(server, 'select count(*) from faults.t'), [[3]], 'no work')


def test_cut_behind_the_work(server):
    with peer(server, {'action': 'binary_query', 'fault': 'cut'}) as client:
        client.query("insert into faults.t values (1700000000000, 1, 'x')")
        expect(client.rest(), b'', 'what came')
    expect(sql(server, 'select count(*) from faults.t'), [[4]], 'work done')
    sql(server, 'delete from faults.t where ts = 1700000000000')


def test_cut_inside_a_frame(server):
    with peer(server, {'action': 'version', 'fault': 'cut',
                       'bytes': 20}) as client:
        client.call('version')
        found = client.rest()
        expect(len(found), 20, 'bytes')
        expect((found[0], found[1] < 127, found[2:10]),
               (0x81, True, b'{"code":'), 'how they begin')


def test_cut_behind_the_nth_frame(server):
    with peer(server, {'action': 'version', 'nth': 3, 'fault': 'cut',
                       'bytes': 1 << 20}) as client:
        for _ in range(3):
            expect(client.ask('version')['code'], 0, 'reply')
        expect(client.rest(), b'', 'what came')


def test_reply_is_truncated(server):
    whole = bodies(server)
    with peer(server, {'action': 'fetch_raw_block', 'fault': 'truncate',
                       'bytes': 70}) as client:
        client.query('select * from faults.t')
        client.fetch(json.loads(client.receive())['id'])
        opcode, length, data = client.frame()
        expect((opcode, length, data[55:]), (BINARY, 70, whole[55:70]), 'frame')
        expect(client.ask('version')['code'], 0, 'the next')


def test_length_of_a_frame_lies(server):
    with peer(server, {'action': 'version', 'fault': 'length',
                       'value': 1 << 62}) as client:
        client.call('version')
        head = client.file.read(11)
        expect(head, b'\x81\x7f' + struct.pack('>Q', 1 << 62) + b'{', 'head')


def test_length_of_a_block_lies(server):
    whole = bodies(server)
    for at in FETCH_LENGTH_AT, BLOCK_LENGTH_AT:
        with peer(server, {'action': 'fetch_raw_block', 'fault': 'patch',
                           'at': at, 'hex': 'ffffff7f'}) as client:
            client.query('select * from faults.t')
            client.fetch(json.loads(client.receive())['id'])
            reply = client.receive()
            expect(reply[at:at + 4], b'\xff\xff\xff\x7f', 'length')
            expect(reply[at + 4:], whole[at + 4:], 'what is behind')


def test_frame_is_of_the_wrong_kind(server):
    for action, opcode in ('version', BINARY), ('fetch_raw_block', TEXT):
        with peer(server, {'action': action, 'fault': 'opcode',
                           'value': opcode}) as client:
            if action == 'version':
                client.call('version')
            else:
                client.fetch(1)
            expect(client.frame()[0], opcode, 'opcode')


def test_faults_add_up(server):
    with peer(server, {'action': 'version', 'fault': 'truncate', 'bytes': 5},
              {'action': 'version', 'fault': 'opcode', 'value': BINARY},
              {'action': 'version', 'fault': 'cut', 'bytes': 4}) as client:
        client.call('version')
        expect(client.rest(), b'\x82\x05{"', 'what came')


def test_peer_is_half_dead(server):
    with peer(server, {'action': 'version', 'fault': 'pause',
                       'ms': DELAY_MS}) as client:
        begin = time.monotonic()
        client.call('version')
        # an empty ping
        client.socket.sendall(b'\x89\x80' + bytes(4))
        expect(client.is_silent(DELAY_MS / 2000), True, 'silent')
        with contextlib.closing(Peer(server)) as other:
            expect(other.log_in()['code'], 0, 'another')
        found = {client.frame()[0], client.frame()[0]}
        expect(found, {TEXT, PONG}, 'what comes then')
        expect(time.monotonic() - begin >= DELAY_MS / 1000, True, 'pause')


def test_half_dead_peer_reads_nothing(server):
    with peer(server, {'action': 'version', 'fault': 'pause',
                       'ms': 60000}) as client:
        client.call('version')
        client.socket.settimeout(0.2)
        sent = 0
        try:
            while sent < 1 << 28:
                sent += client.socket.send(bytes(1 << 16))
        except TimeoutError:
            pass
        expect(0 < sent < 1 << 28, True, f'blocked after {sent} bytes')


def test_kind_of_frame_is_told_apart(server):
    with peer(server, {'frame': 'binary', 'fault': 'ignore'}) as client:
        expect(client.ask('version')['code'], 0, 'text')
        client.fetch(1)
        expect(client.ask('version')['code'], 0, 'text again')


def rest_exchange(server):
    """Status, headers and body; what is not there is None."""
    connection = http.client.HTTPConnection('127.0.0.1', server.port,
                                            timeout=30)
    login = base64.b64encode(b'root:taosdata').decode()
    try:
        connection.request('POST', '/rest/sql', 'select * from faults.t',
                           {'Authorization': f'Basic {login}'})
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (http.client.HTTPException, ConnectionError):
        return None, None
    finally:
        connection.close()


def test_rest_fails_too(server):
    whole = rest_exchange(server)[1]
    for rule, expected in [
            ({'fault': 'status', 'code': 503}, (503, b'')),
            ({'fault': 'cut'}, (None, None)),
            ({'fault': 'cut', 'on': 'request'}, (None, None)),
            ({'fault': 'truncate', 'bytes': 30}, (200, whole[:30]))]:
        server.set_faults({'path': '/rest/sql', **rule})
        expect(rest_exchange(server), expected, str(rule))
        expect(rest_exchange(server)[1] is not None, True, 'the next')
    server.set_faults({'path': '/rest/sql', 'fault': 'error', 'code': 905,
                       'message': 'busy'})
    reply = json.loads(rest_exchange(server)[1])
    expect((reply['code'], reply['desc']), (905, 'busy'), 'error')
    server.set_faults({'path': '/rest/sql', 'fault': 'delay', 'ms': DELAY_MS})
    begin = time.monotonic()
    expect(rest_exchange(server)[0], 200, 'delayed')
    expect(time.monotonic() - begin >= DELAY_MS / 1000, True, 'delay')
    server.clear_faults()


def test_consumer_fails_too(server):
    try:
        sql(server, 'create topic faults as select * from faults.t')
    except RuntimeError as error:
        expect('not supported by the test server' in str(error), True, 'topics')
        return
    client = Peer(server, '/rest/tmq')
    expect(client.ask('subscribe', user='root', password='taosdata',
                      group_id='g', topics=['faults'],
                      offset_reset='earliest')['code'], 0, 'subscribe')
    server.set_faults(
        {'path': '/rest/tmq', 'action': 'poll', 'fault': 'error', 'code': 905},
        {'action': 'fetch_raw_data', 'fault': 'truncate', 'bytes': 60},
        {'action': 'commit', 'fault': 'cut'})
    expect(client.ask('poll', blocking_time=100)['code'], 905, 'poll')
    reply = {'have_message': False}
    while not reply['have_message']:
        reply = client.ask('poll', blocking_time=100)
    client.call('fetch_raw_data', message_id=reply['message_id'])
    expect(len(client.receive()), 60, 'data')
    client.call('commit', message_id=reply['message_id'])
    expect(client.rest(), b'', 'what came')
    client.close()
    for rule in server.clear_faults():
        expect(rule['fired'], 1, rule['fault'])


def cuts_of(server, seed):
    """Which of 200 replies a random rule cuts off."""
    server.set_faults({'action': 'version', 'fault': 'opcode', 'value': BINARY,
                       'probability': 0.25, 'seed': seed, 'count': 0})
    with contextlib.closing(Peer(server)) as client:
        for _ in range(200):
            client.call('version')
        opcodes = [client.frame()[0] for _ in range(200)]
    found = [number for number in range(200) if opcodes[number] == BINARY]
    expect(server.clear_faults(),
           [{'fault': 'opcode', 'seen': 200, 'fired': len(found)}], 'state')
    return found


def test_chance_is_reproducible(server):
    first = cuts_of(server, 1)
    expect(cuts_of(server, 1), first, 'the same seed')
    expect(cuts_of(server, 2) != first, True, 'another seed differs')
    expect(20 < len(first) < 80, True, f'{len(first)} of 200')


def test_wrong_rules_change_nothing(server):
    server.set_faults({'fault': 'ignore', 'nth': 100})
    for rule in ({'fault': 'earthquake'}, {'fault': 'delay'}, {},
                 {'fault': 'cut', 'when': 3}, {'fault': 'lose', 'on': 'request'},
                 {'fault': 'patch', 'hex': 'abc'}, 'cut', 7):
        try:
            server.set_faults(rule)
            raise AssertionError(f'{rule} was taken')
        except urllib.error.HTTPError as error:
            expect(error.code, 400, str(rule))
    expect(server.side_door('GET'),
           [{'fault': 'ignore', 'seen': 0, 'fired': 0}], 'rules')
    server.clear_faults()


def test_server_ends_and_comes_again_with_its_data(server):
    with tempfile.TemporaryDirectory() as folder:
        own = testserver.Server('--data', os.path.join(folder, 'data'))
        sql(own, 'create database d')
        sql(own, 'create table d.t (ts timestamp, v int)')
        client = Peer(own)
        client.log_in()
        own.set_faults({'action': 'query', 'nth': 2, 'fault': 'exit',
                        'code': 9})
        expect(client.ask('query', sql='insert into d.t values (1700000000001, 1)')['code'],
               0, 'first insert')
        client.call('query', sql='insert into d.t values (1700000000002, 2)')
        expect(client.rest(), b'', 'what came')
        expect(own.wait(), 9, 'status')
        client.close()
        port = own.port
        own.start()
        expect(own.port, port, 'port')
        expect(sql(own, 'select v from d.t order by ts'), [[1], [2]], 'rows')
        own.set_faults({'action': 'conn', 'on': 'request', 'fault': 'exit',
                        'code': 3})
        client = Peer(own)
        client.call('conn', user='root', password='taosdata')
        expect((client.rest(), own.wait()), (b'', 3), 'end at the login')
        client.close()


def main():
    server = testserver.Server()
    sql(server, 'create database faults')
    sql(server, 'create table faults.t (ts timestamp, v int, s varchar(10))')
    sql(server, "insert into faults.t values (1700000001000, 1, 'a') "
        "(1700000002000, 2, 'b') (1700000003000, null, null)")
    failures = 0
    for name, test in list(globals().items()):
        if not name.startswith('test_'):
            continue
        try:
            test(server)
            print(f'ok: {name}')
        except (AssertionError, OSError, RuntimeError) as error:
            failures += 1
            server.clear_faults()
            print(f'not ok: {name}: {error!r}')
    expect(server.stop(), 0, 'status')
    return 1 if failures else 0


sys.exit(main())
