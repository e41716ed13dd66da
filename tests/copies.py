#!/usr/bin/python3
# copies: what TDengine's Flink connector is tested with, as pipelines
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: copies.py SERVER

Each case writes into a new database in every write mode, and is told right by
the number of rows and the sum of a column, which the values below add up to, or
by being equal to what it was copied from. The server itself is asked.
"""

import json
import os
import tempfile
import unittest

import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstTDengine', '1.0')
from gi.repository import Gst, GstTDengine

import testserver

MODES = ['raw', 'bind', 'sql']
HOUR, FIRST = 3600000, 1734628365642    # 2024-12-19T17:12:45.642Z
TIMES = [FIRST + hour * HOUR + second * 1000
         for hour in range(3) for second in range(3)]
TABLES = {'d1001': ('California.SanFrancisco', 1, [201, 202, 203]),
          'd1002': ('Alabama.Montgomery', 2, [204, 205, 206])}
BOTH = (18, 3663)
SPLIT = ('split-by=time split-column=ts split-start=2024-12-19T17:00:00Z '
         'split-end=2024-12-19T20:00:00Z split-interval=1h')

COLUMNS = ('ts timestamp, current float, voltage int, phase float, '
           '`Aateat` int')
TAGS = 'location varchar(64), groupid int'

ALL = ['int', 'bigint', 'double', 'bool', 'varchar(64)', 'nchar(64)',
       'varbinary(64)', 'geometry(100)', 'tinyint', 'smallint']
ALL_COLUMNS = ', '.join(f'c{i} {what}' for i, what in enumerate(ALL))
ALL_TAGS = ', '.join(f't{i} {what}' for i, what in enumerate(ALL))
FULL = ("-2147483648, 9223372036854775807, 3.1415926, true, 'it''s', '你好😀', "
        "'\\x0102FF', 'POINT(100 100)', -128, 32767")
NOTHING = ', '.join(['null'] * len(ALL))

name = f'test_copies_{os.getpid()}'
target = name + '_to'


def sql(statement):
    return testserver.rest(URI, statement)


def fill():
    sql(f'create database {name} vgroups 5')
    sql(f'create table {name}.meters ({COLUMNS}) tags ({TAGS})')
    for table, (location, group, voltages) in TABLES.items():
        rows = ' '.join(f'({time}, 10.5, {voltages[i % 3]}, 0.31, {i})'
                        for i, time in enumerate(TIMES))
        sql(f'insert into {name}.{table} using {name}.meters tags '
            f"('{location}', {group}) values {rows}")
    sql(f'create table {name}.types (ts timestamp, {ALL_COLUMNS}) '
        f'tags ({ALL_TAGS})')
    sql(f'create topic {name}_meters as select ts, current, voltage, phase, '
        f'`Aateat`, location, groupid, tbname from {name}.meters')
    sql(f'create topic {name}_types as select tbname, * from {name}.types')
    for table, values in ('ntb', FULL), ('w3', NOTHING):
        sql(f'insert into {name}.{table} using {name}.types tags ({values}) '
            f'values ({FIRST}, {values}) ({FIRST + 1}, {NOTHING})')


def make_target():
    sql(f'create database {target} vgroups 2')
    sql(f'create table {target}.meters ({COLUMNS}) tags ({TAGS})')
    sql(f'create table {target}.d ({COLUMNS})')
    sql(f'create table {target}.types (ts timestamp, {ALL_COLUMNS}) '
        f'tags ({ALL_TAGS})')
    sql(f'create table {target}.plain (ts timestamp, {ALL_COLUMNS})')


def play(pipeline):
    """Its error, None where it came to its end."""
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message, 'no end'
    if message.type == Gst.MessageType.ERROR:
        return message.parse_error().gerror.message
    return None


def run(line):
    assert (error := play(Gst.parse_launch(line))) is None, (line, error)


def source(what):
    return f'tdenginesrc uri={URI} database={name} {what}'


def meter(i, table, voltage):
    return {'tbname': table, 'ts': FIRST + i, 'current': 10.5,
            'voltage': voltage, 'location': f'place {i % 10}', 'groupid': i % 10}


def topic(which, group, more=''):
    return (f'tdenginecdcsrc uri={URI} topic={name}_{which} '
            f'group-id={name}_{group} offset-reset=earliest end=latest {more}')


def write_lines(rows):
    with tempfile.NamedTemporaryFile('w', delete=False) as file:
        file.writelines(json.dumps(row) + '\n' for row in rows)
    return file.name


def push(src, rows):
    """Rows of a table's name, a time, a voltage and a tag."""
    schema = GstTDengine.Schema.new(GstTDengine.Precision.MS)
    for title, kind, length in (
            ('tbname', GstTDengine.Type.VARCHAR, 64),
            ('ts', GstTDengine.Type.TIMESTAMP, 0),
            ('voltage', GstTDengine.Type.INT, 0),
            ('groupid', GstTDengine.Type.INT, 0)):
        column = GstTDengine.Column()
        column.name, column.type, column.length = title, kind, length
        schema.append(column)
    builder = GstTDengine.RowsBuilder.new(schema)
    for table, time, voltage, group in rows:
        builder.append_string(0, table)
        builder.append_int64(1, time)
        builder.append_int64(2, voltage)
        builder.append_int64(3, group)
    src.props.caps = schema.to_caps()
    src.emit('push-buffer', builder.end().get_buffer())
    src.emit('end-of-stream')


class Copies(unittest.TestCase):
    n_groups = 0

    def each_mode(self, check):
        for mode in MODES:
            with self.subTest(mode=mode):
                make_target()
                try:
                    check(f'tdenginesink uri={URI} database={target} '
                          f'write-mode={mode} ')
                finally:
                    testserver.drop(URI, f'database {target}')

    def check_sum(self, table, expected):
        found = sql(f'select count(*), sum(voltage) from {target}.{table}')
        self.assertEqual(tuple(found[0]), expected)

    def check_sub_tables(self, expected):
        found = sql(f'select tbname, count(*), sum(voltage) from '
                    f'{target}.meters group by tbname')
        self.assertEqual({table: tuple(row) for table, *row in found},
                         expected)

    def check_equal(self, query):
        before, after = (sql(query.format(database))
                         for database in (name, target))
        self.assertEqual(before, after)
        return after

    def copy(self, what, target_table, expected):
        def check(sink):
            run(f'{source(what)} ! queue ! {sink} {target_table}')
            self.check_sum(target_table.split('=')[1], expected)

        self.each_mode(check)

    def load(self, rows, target_table, expected, check_more=None):
        def check(sink):
            run(f'filesrc location={path} ! tdenginejsondec ! {sink} '
                f'{target_table}')
            self.check_sum(target_table.split('=')[1], expected)
            if check_more:
                check_more()

        path = write_lines(rows)
        self.addCleanup(os.unlink, path)
        self.each_mode(check)

    # 9, 10, 31
    def test_all_types_and_nothing_but_null(self):
        def check(sink):
            run(f'{source(every)} ! {sink} super-table=types')
            rows = self.check_equal('select tbname, * from {}.types '
                                    'order by ts, tbname')
            self.assertEqual([row[0] for row in rows],
                             ['ntb', 'w3', 'ntb', 'w3'])
            self.assertEqual(rows[3][2:], [None] * 20)
            self.assertEqual(rows[0][2:5], [-2147483648, 9223372036854775807,
                                            3.1415926])

        every = 'query="select tbname, * from types"'
        self.each_mode(check)

    # 11
    def test_all_types_into_a_normal_table(self):
        def check(sink):
            run(f'{source("table=ntb")} ! {sink} table=plain')
            rows = sql(f'select * from {target}.plain order by ts')
            self.assertEqual(rows, sql(f'select {", ".join(names)} from '
                                       f'{name}.ntb order by ts'))
            self.assertEqual(len(rows), 2)

        names = ['ts', *(f'c{i}' for i in range(len(ALL)))]
        self.each_mode(check)

    # 13: both batches, as it broke in the middle and was run again
    def test_a_copy_that_breaks_is_gone_on_with(self):
        def check(sink):
            for size in 1, 2000:
                with tempfile.TemporaryDirectory() as folder:
                    reading = source(f'select="tbname, *" table=meters {SPLIT} '
                                     f'rows-per-buffer=1 checkpoint-interval=1 '
                                     f'state-file={folder}/state')
                    writing = f'{sink} super-table=meters batch-size={size}'
                    error = play(Gst.parse_launch(
                        f'{reading} ! identity error-after=10 ! {writing}'))
                    self.assertIn('Failed after iterations', error)
                    run(f'{reading} ! {writing}')
                    self.check_sum('meters', BOTH)
                    sql(f'delete from {target}.meters')

        self.each_mode(check)

    # 14
    def test_a_sub_table_goes_into_a_normal_table(self):
        self.copy(f'select="ts, current, voltage, phase, `Aateat`" '
                  f'table=d1001 {SPLIT} parallelism=3', 'table=d', (9, 1818))

    # 12, 19, 26
    def test_a_super_table_goes_into_another(self):
        def check(sink):
            run(f'{source(every)} ! queue ! {sink} super-table=meters')
            self.check_sum('meters', BOTH)
            self.check_equal('select tbname, * from {}.meters '
                             'order by tbname, ts')

        every = 'query="select tbname, * from meters"'
        self.each_mode(check)

    # 7, 8, 15, 16, 17, 25, 27
    def test_a_topic_goes_into_a_super_table(self):
        def check(sink):
            for more in ('commit-mode=auto', 'parallelism=5',
                         'commit-mode=auto rows-per-buffer=1'):
                Copies.n_groups += 1
                run(f'{topic("meters", Copies.n_groups, more)} ! queue ! {sink} '
                    'super-table=meters')
                self.check_sum('meters', BOTH)
                self.check_equal('select tbname, * from {}.meters '
                                 'order by tbname, ts')
                sql(f'delete from {target}.meters')

        self.each_mode(check)

    # 18
    def test_a_group_goes_on_where_it_was_stopped(self):
        def check(sink):
            Copies.n_groups += 1
            begin = topic('meters', Copies.n_groups, 'rows-per-buffer=1')
            writing = f'! {sink} super-table=meters batch-size=1'
            error = play(Gst.parse_launch(
                f'{begin} ! identity error-after=10 {writing}'))
            self.assertIn('Failed after iterations', error)
            run(f'{begin} {writing}')
            self.check_sum('meters', BOTH)

        self.each_mode(check)

    # 32
    def test_a_topic_of_all_types(self):
        def check(sink):
            Copies.n_groups += 1
            run(f'{topic("types", Copies.n_groups)} ! {sink} super-table=types')
            rows = self.check_equal('select tbname, * from {}.types '
                                    'order by ts, tbname')
            self.assertEqual(len(rows), 4)

        self.each_mode(check)

    # 20
    def test_objects_of_json_go_into_ten_sub_tables(self):
        rows = [meter(i, f'json_{i % 10}', 295 + i) for i in range(20)]
        self.load(rows, 'super-table=meters', (20, 6090), lambda:
                  self.check_sub_tables({f'json_{i}': (2, 2 * 295 + 10 + 2 * i)
                                         for i in range(10)}))

    # 21
    def test_a_column_of_mixed_case_is_found(self):
        def check_column():
            self.assertEqual(sql(f'select sum(`Aateat`) from {target}.meters'),
                             [[45]])

        rows = [{**meter(i, f'row_{i}', 301 + i), 'Aateat': i}
                for i in range(10)]
        self.load(rows, 'super-table=meters', (10, 3055), check_column)

    # 22
    def test_rows_go_into_a_normal_table(self):
        rows = [{'ts': FIRST + i, 'current': 10.5, 'voltage': 301 + i}
                for i in range(10)]
        self.load(rows, 'table=d', (10, 3055))

    # 23, 30
    def test_an_application_makes_the_rows(self):
        def check(sink):
            pipeline = Gst.parse_launch(
                f'appsrc name=src format=time ! {sink} super-table=meters')
            push(pipeline.get_by_name('src'),
                 [(f'app_{i % 5}', FIRST + i, 201 + i, i % 5)
                  for i in range(50)])
            self.assertIsNone(play(pipeline))
            self.check_sum('meters', (50, sum(range(201, 251))))
            self.check_sub_tables({
                f'app_{i}': (10, sum(range(201 + i, 251, 5)))
                for i in range(5)})

        self.each_mode(check)

    # 28
    def test_one_row_is_a_batch(self):
        self.load([{'ts': FIRST, 'current': 10.5, 'voltage': 219}], 'table=d',
                  (1, 219))

    # 29
    def test_six_rows_go_into_two_sub_tables(self):
        rows = [meter(i, f'd100{1 + i // 3}', 201 + i) for i in range(6)]
        self.load(rows, 'super-table=meters', (6, 1221), lambda:
                  self.check_sub_tables({'d1001': (3, 606), 'd1002': (3, 615)}))


URI = testserver.start()
if __name__ == '__main__':
    Gst.init(None)
    fill()
    try:
        unittest.main(argv=['copies.py'])
    finally:
        for which in 'meters', 'types':
            testserver.drop(URI, f'topic {name}_{which}')
        testserver.drop(URI, f'database {name}')
