#!/usr/bin/python3
# topics: what a record of one consumer can't show
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: topics.py SERVER

Groups, commits, positions and refusals, asked with a plain WebSocket. What is
expected is what a real server answers: with TDENGINE_TEST_URI the same checks
run on one.
"""

import json
import os
import sys
import time
import unittest
import urllib.parse

import testserver
from replay import WebSocket

NONE_COMMITTED = -2147467247

name = f'test_topics_{os.getpid()}'


class Consumer:
    def __init__(self, group=None, topics=None, **options):
        parts = urllib.parse.urlsplit(URI)
        self.socket = WebSocket(parts.port, '/rest/tmq', parts.hostname)
        self.login = {'user': parts.username or 'root',
                      'password': parts.password or 'taosdata'}
        self.last = 0
        if group:
            self.joined = self.subscribe(group, topics, **options)

    def ask(self, action, **args):
        self.socket.send(json.dumps(
            {'action': action, 'args': {'req_id': 1, **args}}))
        reply = self.socket.receive()
        return json.loads(reply) if isinstance(reply, str) else reply

    def subscribe(self, group, topics, **options):
        return self.ask('subscribe', **{
            **self.login, 'group_id': f'{name}_{group}', 'client_id': 'c',
            'offset_reset': 'earliest', 'auto_commit': 'false',
            'topics': topics or [name], **options})

    def poll(self, blocking_time=500):
        reply = self.ask('poll', blocking_time=blocking_time,
                         message_id=self.last)
        self.last = reply.get('message_id', self.last) or self.last
        return reply

    def tables(self):
        """The tables of the held message, and their rows."""
        found = []
        while not (part := self.ask('fetch', message_id=self.last))[
                'completed']:
            self.ask('fetch_block', message_id=self.last)
            found.append((part['table_name'], part['rows']))
        return found

    def drain(self, polls=3):
        """All that comes, until nothing does a few times in turn."""
        found, quiet = [], 0
        while quiet < polls:
            reply = self.poll()
            if reply['code'] != 0:
                return reply
            quiet = 0 if reply['have_message'] else quiet + 1
            if reply['have_message']:
                found += self.tables()
        return sorted(found)

    def assignment(self):
        return self.ask('assignment', topic=name)['assignment']

    def vgroups(self):
        return sorted(share['vgroup_id'] for share in self.assignment())

    def offsets(self, what):
        return [self.ask(what, topic_vgroup_ids=[
            {'topic': name, 'vgroup_id': vgroup}])[what][0]
            for vgroup in self.vgroups()]

    def leave(self):
        self.ask('unsubscribe')
        self.socket.close()


def sql(statement):
    return testserver.rest(URI, statement)


def wait_for(condition):
    """Groups are rebalanced in the server's own time."""
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            raise AssertionError('the group was not rebalanced')
        time.sleep(0.05)


class Topics(unittest.TestCase):
    ALL = [(f'd{i}', 1) for i in range(8)]

    @classmethod
    def setUpClass(cls):
        sql(f'create database {name} vgroups 2 wal_retention_period 3600')
        sql(f'create table {name}.m (ts timestamp, v int) tags (g int)')
        sql(f'create topic {name} as database {name}')
        for i in range(8):
            sql(f'insert into {name}.d{i} using {name}.m tags({i}) '
                f'values({1700000000000 + i}, {i})')

    @classmethod
    def tearDownClass(cls):
        testserver.drop(URI, f'topic if exists {name}')
        testserver.drop(URI, f'database {name}')

    def refused(self, reply, code, message=None):
        self.assertEqual(reply['code'], code, reply)
        if message:
            self.assertEqual(reply['message'], message)

    def statement_refused(self, statement, words):
        with self.assertRaisesRegex(RuntimeError, words):
            sql(statement)

    def test_statements_are_refused_as_by_the_real_server(self):
        self.statement_refused(f'create topic {name} as database {name}',
                               'Topic already exists')
        self.statement_refused(f'drop topic {name}_x', 'Topic not exist')
        self.statement_refused(f'drop database {name}',
                               'Topic must be dropped first')
        self.statement_refused(f'create topic {name}_x as stable {name}.x',
                               'STable not exist')
        self.statement_refused(
            f'create topic {name}_x as select count(*) from {name}.m',
            'Invalid topic query')

    def test_nothing_goes_before_a_subscription(self):
        consumer = Consumer()
        for action in 'commit', 'list_topics', 'unsubscribe', 'assignment':
            self.refused(consumer.ask(action), 65535, 'tmq not init')
        self.refused(consumer.ask('fetch', message_id=1), 65535,
                     'tmq not init')
        consumer.socket.close()

    def test_options_are_checked(self):
        consumer = Consumer()
        for option in ({'session_timeout_ms': '100'},
                       {'max_poll_interval_ms': '10'},
                       {'offset_reset': 'wrong'}):
            self.refused(consumer.subscribe('o', None, **option), 65535,
                         'fail')
        self.refused(consumer.subscribe('o', None, auto_commit='x'), 65535,
                     'strconv.ParseBool: parsing "x": invalid syntax')
        consumer.socket.close()

    def test_a_group_goes_on_where_it_committed(self):
        first = Consumer('commit')
        self.assertEqual(first.offsets('committed'), [NONE_COMMITTED] * 2)
        self.assertEqual(first.drain(), self.ALL)
        self.refused(first.ask('commit', message_id=0), 0)
        positions = first.offsets('position')
        self.assertEqual(first.offsets('committed'), positions)
        first.leave()
        second = Consumer('commit')
        self.assertEqual(second.drain(), [])
        second.leave()

    def test_without_a_commit_all_comes_again(self):
        for _ in range(2):
            consumer = Consumer('again')
            self.assertEqual(consumer.drain(), self.ALL)
            consumer.leave()

    def test_latest_begins_behind_what_is_there(self):
        consumer = Consumer('latest', offset_reset='latest')
        self.assertEqual(consumer.drain(), [])
        consumer.leave()

    def test_a_lost_answer_to_a_poll_can_be_had_again(self):
        consumer = Consumer('lost')
        first = consumer.poll()
        again = consumer.ask('poll', blocking_time=500, message_id=0)
        self.assertEqual(again['message_id'], first['message_id'])
        self.assertNotEqual(consumer.poll()['message_id'],
                            first['message_id'])
        consumer.leave()

    def test_offsets_are_checked(self):
        consumer = Consumer('offsets')
        vgroup = consumer.vgroups()[0]
        for action in 'seek', 'commit_offset':
            def move(**args):
                return consumer.ask(action, **{
                    'topic': name, 'vgroup_id': vgroup, 'offset': 0, **args})
            self.refused(move(offset=99999999), 16391, 'Offset out of range')
            self.refused(move(vgroup_id=1), 16392,
                         'VgId does not belong to this consumer')
            self.refused(move(topic='x'), 16393,
                         'Topic does not belong to this consumer')
            self.refused(move(), 0)
        consumer.leave()

    def test_a_seek_back_brings_the_same_again(self):
        consumer = Consumer('seek')
        self.assertEqual(consumer.drain(), self.ALL)
        for vgroup in consumer.vgroups():
            consumer.ask('seek', topic=name, vgroup_id=vgroup, offset=0)
        self.assertEqual(consumer.drain(), self.ALL)
        consumer.leave()

    def test_two_share_the_vgroups_until_one_leaves(self):
        first = Consumer('two')
        self.assertEqual(len(first.vgroups()), 2)
        second = Consumer('two')
        wait_for(lambda: first.poll(10) and len(first.vgroups()) == 1
                 and len(second.vgroups()) == 1)
        self.assertNotEqual(first.vgroups(), second.vgroups())
        second.leave()
        wait_for(lambda: first.poll(10) and len(first.vgroups()) == 2)
        first.leave()

    def test_who_does_not_poll_is_thrown_out(self):
        consumer = Consumer('late', max_poll_interval_ms='1000',
                            session_timeout_ms='6000')
        self.assertEqual(consumer.poll()['code'], 0)
        # longer and longer, until the server has noticed
        for pause in range(2, 9):
            time.sleep(pause)
            reply = consumer.poll(10)
            if reply['code']:
                break
        self.refused(reply, 998, 'Consumer not exist')
        self.assertEqual(consumer.ask('list_topics')['topics'], [])
        consumer.socket.close()

    def test_one_subscription_at_a_time(self):
        consumer = Consumer('twice')
        self.refused(consumer.subscribe('twice', None), 65535,
                     'tmq should have unsubscribed first')
        self.statement_refused(f'drop topic {name}',
                               'Topic subscribed cannot be dropped')
        consumer.leave()


URI = testserver.start()
unittest.main(argv=sys.argv[:1])
