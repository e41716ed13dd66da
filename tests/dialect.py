#!/usr/bin/python3
# dialect: what a server says to SQL
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: dialect.py SERVER

Statements in order, each with its code and its rows, or how its refusal
begins, as a real server of 3.3.7 answered: with TDENGINE_TEST_URI one is asked
again.
"""

import os

import testserver

name = f'test_dialect_{os.getpid()}'

DONE = [[0]]
SYNTAX, INSERT_SYNTAX, NO_COLUMN, NO_TABLE = 9728, 534, 9730, 9731
STATEMENTS = [
    ('create table D.m (ts timestamp, v int, `Mixed Case` nchar(8), '
     'd decimal(10,2)) tags (g int, loc varchar(16))', 0, DONE),
    ('create table D.n (ts timestamp, v int)', 0, DONE),
    ('insert into D.`a b` using D.m tags (1, \'x"y\') values '
     "(1700000000000, 1, 'é', '1.50') (1700000001000, null, null, null)",
     0, [[2]]),
    ('insert into D.c using D.m (g) tags (2) (ts, v) '
     'values (1700000000000, 3)', 0, [[1]]),

    # a quoted name is a column's
    ('select `tbname` from D.m', NO_COLUMN, 'Invalid column name: tbname'),
    ('select `_rowts` from D.m', NO_COLUMN, 'Invalid column name: _rowts'),
    ("select v from D.m where `tbname` = 'c'", NO_COLUMN,
     'Invalid column name: tbname'),
    ('select m.`tbname` from D.m m', NO_COLUMN,
     'Invalid column name: tbname'),
    ('select count(*) from D.m partition by `tbname`', NO_COLUMN,
     'Invalid column name: tbname'),
    ('select `tbname` from (select tbname from D.m) where `tbname` = \'c\'',
     0, [['c']]),
    ('select `mixed case` from D.m', NO_COLUMN,
     'Invalid column name: mixed case'),
    ('select `Mixed Case`, d from D.m where v = 1', 0, [['é', '1.50']]),
    ('select V from D.m where g = 2', 0, [[3]]),

    ('select tbname, count(*), sum(v), max(d) from D.m partition by tbname '
     'order by tbname', 0, [['a b', 2, 1, '1.50'], ['c', 1, 3, None]]),
    ('select sum(v) from D.m where loc is null', 0, [[3]]),
    ('select _wstart, count(*) from D.m interval(1s)', 0,
     [['2023-11-14T22:13:20.000Z', 2], ['2023-11-14T22:13:21.000Z', 1]]),
    ('select v + 1, v / 2, -v from D.m where v is not null order by v', 0,
     [[2, 0.5, -1], [4, 1.5, -3]]),
    ('select distinct g from D.m order by g', 0, [[1], [2]]),
    ('select v from D.m where v between 2 and 3', 0, [[3]]),
    ('select v from D.m where v in (1, 7)', 0, [[1]]),
    ('select v from D.m order by ts desc, v limit 1', 0, [[None]]),

    ('select nosuch from D.m', NO_COLUMN, 'Invalid column name: nosuch'),
    ('select * from D.nosuch', NO_TABLE, 'Table does not exist'),
    ('select ts from D_nosuch.m', 904, 'Database not exist'),
    ('select from', SYNTAX, 'syntax error near "from"'),

    ('insert into D.n values (1700000000000, 1, 2)', 9791,
     'Illegal number of columns'),
    ('insert into D.n (ts) values (1700000000000, 1)', 9791,
     'Illegal number of columns'),
    ('insert into D.n (ts, v) values (1700000000000)', INSERT_SYNTAX,
     'syntax error near '),
    ('insert into D.n values (1700000000000 1)', INSERT_SYNTAX,
     'syntax error near '),
    ("insert into D.n values ('x', 4)", INSERT_SYNTAX,
     "syntax error near 'x' (invalid timestamp)"),
    ("insert into D.n values (now, 'abc')", INSERT_SYNTAX,
     "syntax error near 'abc' (invalid int data)"),
    ('insert into D.n values (1700000000000, 99999999999)', INSERT_SYNTAX,
     "syntax error near '99999999999)' (int data overflow)"),
    ('insert into D.m values (1700000000000, 1, null, null)', INSERT_SYNTAX,
     'syntax error near '),
    ('insert into D.nosuch values (1700000000000, 1)', NO_TABLE,
     'Table does not exist'),
    ('select count(*) from D.n', 0, DONE),

    ('create table D.m (ts timestamp, v int) tags (g int)', 864,
     'STable already exists'),
    ('create table D.m (ts timestamp, v int)', 1539, 'Table already exists'),
    ('create table D.n (ts timestamp, v int)', 1539, 'Table already exists'),
    ('create table D.n (ts timestamp, v int) tags (g int)', 1539,
     'Table already exists'),
    ('create table if not exists D.n (ts timestamp, v int)', 0, DONE),
    ('create table D.n using D.m tags (1, null)', 1565,
     'Table already exists in other stables'),
    ('create table D.c using D.m tags (1, null)', 1539,
     'Table already exists'),
    ('drop table D.nosuch', NO_TABLE, 'Table does not exist'),
    ('drop table if exists D.nosuch', 0, DONE),

    ('delete from D.c where ts < 1700000001000', 0, [[1]]),
    ('select count(*) from D.m', 0, [[2]]),
]


def main():
    uri = testserver.start()
    n_different = 0

    testserver.rest(uri, f'create database {name} keep 36500')
    try:
        for statement, *expected in STATEMENTS:
            code, said = testserver.ask(
                uri, statement.replace('D.', f'{name}.'))
            if code != 0:
                said = said[:len(expected[1])]
            if [code, said] != expected:
                n_different += 1
                print(f'{statement}\n  expected {expected}, '
                      f'got {[code, said]}')
    finally:
        testserver.drop(uri, f'database {name}')
    assert n_different == 0, f'{n_different} answers differ'


main()
