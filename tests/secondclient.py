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
    for database in (name, f'{name}_to'):
        testserver.rest(uri, f'drop database {database}')
    expected = [('d1', 201, 'æ😀', 'Oslo'), ('d1', None, None, 'Oslo')]
    print(f'expected {expected}\nfound    {rows}')
    return 0 if rows == expected else 1


sys.exit(main())
