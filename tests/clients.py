#!/usr/bin/python3
# clients: TDengine's own clients find in the server what they need
#
# Each binds rows of several sub tables, reads them back and, where the server
# has topics, follows one. What they print is held against what they bound.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: clients.py SERVER BUILD_FOLDER java|rust"""

import os
import shutil
import subprocess
import sys
import urllib.parse
from pathlib import Path

import testserver

SOURCES = Path(__file__).parent / 'clients'
TIME = 1700000000000
POINT = '0101000000000000000000f03f0000000000000040'

ROWS = [
    f'd1|1|Oslo|{TIME}|true|-128|-32768|-2147483648|-9223372036854775808|255|'
    '65535|4294967295|18446744073709551615|1.5|-2.25|text|næ😀|00ff|' + POINT,
    f'd2|2|Rome|{TIME}' + '|NULL' * 15,
    f'd2|2|Rome|{TIME + 1}|false|127|32767|2147483647|9223372036854775807|0|0|'
    f'0|0|-0.5|1024.125||||{POINT}',
]
DECIMALS = [f'{TIME}|-1234.5678|99999999999999999999.123456',
            f'{TIME + 1}|NULL|NULL']
TOPIC = [f'd1|{TIME}|-2147483648', f'd2|{TIME}|NULL',
         f'd2|{TIME + 1}|2147483647']


def skip(reason):
    print(f'skipped: {reason}')
    sys.exit(testserver.SKIPPED)


def build(what, *command):
    if not shutil.which(command[0]):
        skip(f'{command[0]} is not installed')
    done = subprocess.run(command, check=False, timeout=1200, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        print(done.stdout)
        skip(f'{what} can not be had here')


def build_java(folder):
    jars = folder / 'java'
    if not shutil.which('java'):
        skip('java is not installed')
    if not list(jars.glob('taos-jdbcdriver-*.jar')):
        build('taos-jdbcdriver', 'mvn', '-q', '-B', '-f',
              str(SOURCES / 'java/pom.xml'), 'dependency:copy-dependencies',
              f'-DoutputDirectory={jars}')
    return ['java', '-cp', f'{jars}/*', str(SOURCES / 'java/Check.java')]


def build_rust(folder):
    target = folder / 'rust'
    build('taos', 'cargo', 'build', '--quiet', '--locked',
          '--manifest-path', str(SOURCES / 'rust/Cargo.toml'),
          '--target-dir', str(target))
    return [str(target / 'debug/client-check')]


def has_topics(uri, name):
    """Makes one, where the server can."""
    try:
        testserver.rest(uri, f'create topic {name} as select tbname, ts, i32 '
                        f'from {name}.st')
        return True
    except RuntimeError as error:
        if 'not supported by the test server' in str(error):
            print('without topics, which this server has not')
            return False
        raise


def prepare(uri, name):
    testserver.rest(uri, f'create database {name}')
    testserver.rest(uri, f'create table {name}.st (ts timestamp, b bool, '
                    'i8 tinyint, i16 smallint, i32 int, i64 bigint, '
                    'u8 tinyint unsigned, u16 smallint unsigned, '
                    'u32 int unsigned, u64 bigint unsigned, f32 float, '
                    'f64 double, s varchar(20), n nchar(20), '
                    'bin varbinary(20), geo geometry(50)) '
                    'tags (site int, place varchar(20))')
    testserver.rest(uri, f'create table {name}.decimals (ts timestamp, '
                    'd64 decimal(10, 4), d128 decimal(30, 6))')
    testserver.rest(uri, f"insert into {name}.decimals values ({TIME}, "
                    f"'-1234.5678', '99999999999999999999.123456') "
                    f'({TIME + 1}, null, null)')


def run(command, uri, name, topic):
    parts = urllib.parse.urlsplit(uri)
    done = subprocess.run(
        [*command, parts.hostname, str(parts.port or 6041),
         parts.username or 'root', parts.password or 'taosdata', name,
         *([name] if topic else [])],
        check=False, timeout=120, stdout=subprocess.PIPE, text=True)
    return done.returncode, done.stdout.splitlines()


def check(label, lines, expected):
    found = [line.split('|', 1)[1] for line in lines
             if line.startswith(label + '|')]
    if found == expected:
        print(f'ok: {label}')
        return True
    print(f'not ok: {label}')
    for line in expected:
        print(f'  expected {line}')
    for line in found:
        print(f'  found    {line}')
    return False


def main(folder, client):
    name = f'test_{client}_{os.getpid()}'
    command = {'java': build_java, 'rust': build_rust}[client](folder)
    uri = testserver.start()
    prepare(uri, name)
    topic = has_topics(uri, name)
    status, lines = run(command, uri, name, topic)
    if topic:
        testserver.drop(uri, f'topic {name}')
    testserver.drop(uri, f'database {name}')
    results = [check('rows', lines, ROWS)]
    if client == 'java':
        results.append(check('decimals', lines, DECIMALS))
    if topic:
        lines.sort()
        results.append(check('topic', lines, TOPIC))
    if status != 0:
        print(f'the client ended with status {status}')
    return 0 if status == 0 and all(results) else 1


sys.exit(main(Path(sys.argv[2]), sys.argv[3]))
