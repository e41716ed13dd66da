#!/usr/bin/python3
# changes: tables that a topic tells to be made, altered and dropped
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: changes.py SERVER

A copy follows a topic with all that happens to its tables, and is compared with
where the topic is: the server is asked for both.
"""

import json
import os
import unittest

import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstTDengine', '1.0')
from gi.repository import GLib, Gst, GstTDengine

import testserver

FIRST = 1700000000000

name = f'test_changes_{os.getpid()}'
target = name + '_to'


def sql(statement):
    return testserver.rest(URI, statement.replace('S.', f'{name}.')
                           .replace('T.', f'{target}.'))


def play(line):
    """The messages that came, and the error or None."""
    pipeline = Gst.parse_launch(line)
    pipeline.set_state(Gst.State.PLAYING)
    messages, error = [], None
    while True:
        message = pipeline.get_bus().timed_pop_filtered(
            60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR
            | Gst.MessageType.ELEMENT)
        assert message, 'no end'
        if message.type != Gst.MessageType.ELEMENT:
            break
        messages.append(message.get_structure())
    if message.type == Gst.MessageType.ERROR:
        error = message.parse_error().gerror.message
    pipeline.set_state(Gst.State.NULL)
    return messages, error


class Changes(unittest.TestCase):
    n_groups = 0

    def setUp(self):
        sql(f'create database {name} vgroups 2 wal_retention_period 3600')
        sql(f'create database {target}')
        self.topics = []

    def tearDown(self):
        for topic in self.topics:
            testserver.drop(URI, f'topic {topic}')
        for database in name, target:
            testserver.drop(URI, f'database {database}')

    def make_topic(self, what):
        self.topics.append(f'{name}_{len(self.topics)}')
        sql(f'create topic {self.topics[-1]} with meta as {what}')

    def follow(self, sink, group):
        messages, error = play(
            f'tdenginecdcsrc uri={URI} topic={self.topics[-1]} group-id={group} '
            'offset-reset=earliest end=latest ! queue ! '
            f'tdenginesink uri={URI} database={target} {sink}')
        self.assertIsNone(error)
        return messages

    def copy(self, sink, group='copy'):
        self.assertEqual(
            self.follow(f'{sink} apply-meta=apply apply-deletes=apply', group),
            [])

    def check_equal(self, query):
        there, here = sql(query.replace('X.', 'S.')), sql(query.replace('X.', 'T.'))
        self.assertEqual(here, there)
        return here

    def check_super(self, n_rows):
        rows = self.check_equal('select tbname, * from X.m order by ts, tbname')
        self.assertEqual(len(rows), n_rows)
        self.check_equal('describe X.m')

    def test_a_super_table_is_followed(self):
        sql('create table S.m (ts timestamp, v int, s varchar(8)) tags '
            '(place nchar(16), big bigint, bytes varbinary(8), f double, b bool)')
        self.make_topic(f'stable {name}.m')
        sql(r"create table S.d1 using S.m tags "
            r"('it''s \\ `é`', 900719925474099, '\x00FF', 0.1, true)")
        sql('create table S.d2 using S.m (place) tags (null)')
        sql(f"insert into S.d1 values ({FIRST}, 1, 'a') ({FIRST + 1}, 2, null)")
        sql(f"insert into S.d2 values ({FIRST}, 3, 'b') ({FIRST + 2}, 4, 'c')")
        self.copy('super-table=m')
        self.check_super(4)

        sql('alter table S.m add column extra bigint')
        sql('alter table S.m modify column s varchar(20)')
        sql('alter table S.m add tag more int')
        sql('alter table S.d1 set tag more = 7')
        sql("alter table S.d1 set tag place = 'x\"y'")
        sql('alter table S.d1 set tag b = null')
        sql(f"insert into S.d1 values ({FIRST + 3}, 5, 'longer than it was', 6)")
        sql(f'delete from S.d1 where ts >= {FIRST} and ts < {FIRST + 1}')
        sql('drop table S.d2')
        self.copy('super-table=m')
        self.check_super(2)

        # all of it once more, as after a crash
        self.copy('super-table=m', 'again')
        self.check_super(2)

        sql('alter table S.m drop column extra')
        sql('alter table S.m rename tag more fewer')
        sql('alter table S.m drop tag f')
        sql(f"insert into S.d1 values ({FIRST + 4}, 8, 'd')")
        self.copy('super-table=m')
        self.check_super(3)

    def test_a_table_of_another_name_is_followed(self):
        sql('create table S.other (ts timestamp, v int)')
        sql('create table S.m (ts timestamp, v int) tags (g int)')
        self.make_topic(f'database {name}')
        sql('create table S.plain (ts timestamp, v int, d double)')
        sql(f'insert into S.plain values ({FIRST}, 1, 1.5) ({FIRST + 1}, 2, 2.5)')
        sql(f'delete from S.plain where ts = {FIRST}')
        self.copy('table=copied source-table=plain')
        self.assertEqual(sql('select v, d from T.copied'), [[2, 2.5]])
        sql('alter table S.plain rename column d e')
        sql('create table S.sub using S.m tags (1)')
        sql('drop table S.sub')
        sql('drop table S.other')
        sql(f'insert into S.plain values ({FIRST + 2}, 3, 3.5)')
        self.copy('table=copied source-table=plain')
        self.assertEqual(sql('select v, e from T.copied order by ts'),
                         [[2, 2.5], [3, 3.5]])
        sql('drop table S.plain')
        self.copy('table=copied source-table=plain')
        self.assertEqual(sql('show T.tables'), [])

    def test_changes_are_ignored_and_told(self):
        sql('create table S.m (ts timestamp, v int) tags (g int)')
        sql('create table T.m (ts timestamp, v int) tags (g int)')
        sql('create table T.d using T.m tags (1)')
        self.make_topic(f'stable {name}.m')
        sql('create table S.d using S.m tags (1)')
        sql(f'insert into S.d values ({FIRST}, 1) ({FIRST + 1}, 2)')
        sql(f'delete from S.d where ts = {FIRST}')
        messages = self.follow('super-table=m', 'copy')
        self.assertEqual({message.get_name() for message in messages},
                         {'tdengine-changes-ignored'})
        # of the super table for each vgroup, of the sub table, of the row
        self.assertEqual(messages[-1].get_uint64('total').value, 4)
        self.assertEqual(sql('select v from T.m order by ts'), [[1], [2]])

    def test_changes_may_be_errors(self):
        sql('create table S.m (ts timestamp, v int) tags (g int)')
        sql('create table T.m (ts timestamp, v int) tags (g int)')
        self.make_topic(f'stable {name}.m')
        _, error = play(
            f'tdenginecdcsrc uri={URI} topic={self.topics[-1]} group-id=g '
            'offset-reset=earliest end=latest ! '
            f'tdenginesink uri={URI} database={target} super-table=m '
            'apply-meta=error')
        self.assertIn('apply-meta', error)

    def test_what_is_no_change_does_nothing(self):
        sql('create table T.m (ts timestamp, v int) tags (g int)')
        sql(f'insert into T.d using T.m tags (1) values ({FIRST}, 1)')
        connection = GstTDengine.Connection.new(
            GstTDengine.Settings.new_from_uri(URI))
        connection.open(None)
        writer = GstTDengine.Writer.new(
            connection, target, GstTDengine.WriteSettings(
                super_table='m', apply_meta=GstTDengine.Apply.APPLY,
                apply_deletes=GstTDengine.Apply.APPLY))
        column = {'name': 'v', 'type': 4}
        tag = {'name': 'g', 'type': 4, 'value': 1}
        child = {'type': 'create', 'tableType': 'child', 'tableName': 'x',
                 'using': 'm'}
        delete = f'delete from `d` where `ts` >= {FIRST} and `ts` <= {FIRST}'
        for change in (
                '', '[]', 'null', '{}', '{"type":7}', '{"metas":[7]}',
                {'type': 'truncate'},
                {'type': 'create', 'tableType': 'super', 'tableName': 'm'},
                {'type': 'create', 'tableType': 'super', 'tableName': 'm',
                 'columns': [7], 'tags': [column]},
                {'type': 'create', 'tableType': 'super', 'tableName': 'm',
                 'columns': [{'name': 'v', 'type': 99}], 'tags': [column]},
                {'type': 'create', 'tableType': 'super', 'tableName': 'm',
                 'columns': [{'name': 'v', 'type': 8, 'length': -1}],
                 'tags': [column]},
                {'type': 'create', 'tableType': 'super', 'tableName': 'm',
                 'columns': [{'name': 'v', 'type': 21}], 'tags': [column]},
                child, {**child, 'tags': [7]},
                {**child, 'tags': [{**tag, 'type': 8, 'value': "'); drop"}]},
                {**child, 'tags': [{**tag, 'type': 4, 'value': '1); drop'}]},
                {**child, 'tags': [{**tag, 'type': 16, 'value': r'"\x0)"'}]},
                {**child, 'createList': [7]},
                {'type': 'alter', 'tableName': 'm', 'alterType': 5},
                {'type': 'alter', 'tableName': 'd', 'alterType': 4},
                {'type': 'alter', 'tableName': 'd', 'alterType': 4,
                 'colName': 'g', 'colValue': '1; drop database x'},
                {'type': 'delete'}, {'type': 'delete', 'sql': 'drop table d'},
                {'type': 'delete', 'sql': delete + ' or true'},
                {'type': 'delete', 'sql': delete.replace('<= ', '<= now')}):
            text = change if isinstance(change, str) else json.dumps(change)
            with self.subTest(change=text):
                with self.assertRaises(GLib.Error) as caught:
                    writer.apply(text, None)
                self.assertTrue(caught.exception.matches(
                    GstTDengine.error_quark(), GstTDengine.Error.SCHEMA),
                    caught.exception)
        # and what is of other tables
        for change in (
                {'type': 'drop', 'tableNameList': ['nosuch', 7, None]},
                {'type': 'drop', 'tableType': 'super', 'tableName': 'n'},
                {'type': 'alter', 'tableName': 'n', 'alterType': 6,
                 'colName': 'v'},
                {**child, 'using': 'n'},
                {'type': 'delete', 'sql': delete.replace('`d`', '`e`')}):
            writer.apply(json.dumps(change), None)
        self.assertEqual(sql('select tbname, v, g from T.m'), [['d', 1, 1]])
        self.assertEqual(len(sql('show T.tables')), 1)


URI = testserver.start()
if __name__ == '__main__':
    Gst.init(None)
    unittest.main(argv=['changes.py'])
