#!/usr/bin/python3
# second client: what the sink wrote is there for a client of TDengine's own
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import pathlib
import subprocess
import sys

import testserver

PACKAGE = 'taos-ws-py==0.7.0'

name = f'test_second_{os.getpid()}'


def install():
    target = pathlib.Path(sys.argv[2]) / 'taos-ws-py'
    sys.path.insert(0, str(target))
    if not target.exists():
        subprocess.run([sys.executable, '-m', 'pip', 'install', '--quiet',
                        '--disable-pip-version-check', '--target', str(target),
                        PACKAGE], check=False, timeout=120)
    try:
        import taosws
        return taosws
    except ImportError as error:
        print(f'skipped: {PACKAGE} can not be installed here ({error})')
        sys.exit(testserver.SKIPPED)


def bind(taosws, connection):
    """Rows of two sub tables through a prepared statement."""
    statement = connection.stmt2_statement()
    statement.prepare(f'insert into {name}.meters (tbname, location, ts, '
                      'voltage, note) values (?, ?, ?, ?, ?)')
    statement.bind([taosws.stmt2_bind_param_view(
        table_name=table, tags=[taosws.varchar_to_tag(place)],
        columns=[taosws.millis_timestamps_to_column([1734635565644]),
                 taosws.ints_to_column([voltage]),
                 taosws.nchar_to_column(['b'])])
        for table, place, voltage in (('d2', 'Bergen', 202),
                                      ('d3', 'Tromsø', 203))])
    return statement.execute()


def follow(taosws, uri):
    """What a new consumer gets, and one of its group after a commit."""
    options = {'td.connect.user': 'root', 'td.connect.pass': 'taosdata',
               'group.id': name, 'client.id': name,
               'auto.offset.reset': 'earliest', 'enable.auto.commit': 'false'}
    dsn = {'td.connect.websocket.scheme': 'ws',
           'td.connect.ip': uri.split('//')[1].split('@')[-1].split(':')[0],
           'td.connect.port': uri.rstrip('/').rsplit(':', 1)[1]}
    got = []
    for _ in range(2):
        consumer = taosws.Consumer({**options, **dsn})
        consumer.subscribe([name])
        while message := consumer.poll(timeout=2.0):
            got += [tuple(row) for block in message for row in block.fetchall()]
            consumer.commit(message)
        consumer.unsubscribe()
        consumer.close()
        got.append('end')
    return got


def main():
    taosws = install()
    uri = testserver.start()
    testserver.rest(uri, f'create database {name}')
    testserver.rest(uri, f'create table {name}.meters (ts timestamp, '
                    'voltage int, note nchar(8)) tags (location varchar(8))')
    testserver.rest(uri, f"insert into {name}.d1 using {name}.meters tags "
                    "('Oslo') values (1734635565642, 201, 'æ😀') "
                    "(1734635565643, null, null)")
    testserver.rest(uri, f'create database {name}_to')
    testserver.rest(uri, f'create table {name}_to.meters (ts timestamp, '
                    'voltage int, note nchar(8)) tags (location varchar(8))')
    testserver.launch('tdenginesrc', f'uri={uri}',
                      f'query=select tbname, * from {name}.meters', '!',
                      'tdenginesink', f'uri={uri}', f'database={name}_to',
                      'super-table=meters')

    connection = taosws.connect(uri.replace('taos+ws', 'ws'))
    rows = [tuple(row) for row in connection.query(
        f'select tbname, voltage, note, location from {name}_to.meters '
        'order by ts')]
    testserver.rest(uri, f'create topic {name} as select tbname, voltage '
                    f'from {name}.meters')
    rows.append(bind(taosws, connection))
    followed = follow(taosws, uri)
    testserver.drop(uri, f'topic {name}')
    for database in (name, f'{name}_to'):
        testserver.rest(uri, f'drop database {database}')
    expected = [('d1', 201, 'æ😀', 'Oslo'), ('d1', None, None, 'Oslo'), 2]
    expected_followed = [('d1', 201), ('d1', None), ('d2', 202), ('d3', 203)]
    print(f'expected {expected}\nfound    {rows}')
    print(f'expected {expected_followed}, end, end\nfound    {followed}')
    return 0 if rows == expected and sorted(
        followed[:-2], key=repr) == sorted(expected_followed, key=repr) and \
        followed[-2:] == ['end', 'end'] else 1


sys.exit(main())
