#!/usr/bin/python3
# failover: one of two servers dies in the middle of a copy, or of a topic
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: failover.py SERVER

Two servers hold the same rows and topics, as two adapters of one cluster do.
The one that is asked first dies while it sends them. What comes out has every
row once, and in order.
"""

import os
import subprocess
import sys
import time

import testserver

N_ROWS = 20000
FIRST = 1700000000000
# the protocol's time-outs are a minute: nothing may wait for one
SOON = 20

SOURCES = {
    'query': ('fetch_raw_block', [
        'tdenginesrc', 'table=m', 'database=r', 'columns=ts,v',
        'auto-reconnect=true', 'reconnect-interval=100']),
    'topic': ('fetch_raw_data', [
        'tdenginecdcsrc', 'topic=t', 'group-id=g', 'offset-reset=earliest',
        'end=latest']),
}


def fill(server):
    testserver.rest(server.uri, 'create database r vgroups 1 '
                    'wal_retention_period 3600')
    testserver.rest(server.uri, 'create table r.m (ts timestamp, v int)')
    testserver.rest(server.uri, 'create topic t as database r')
    # each statement is a message of its own
    for start in range(0, N_ROWS, 1000):
        values = ' '.join(f'({FIRST + row},{row})'
                          for row in range(start, start + 1000))
        testserver.rest(server.uri, f'insert into r.m values {values}')


def copy(source, servers):
    hosts = ','.join(f'127.0.0.1:{server.port}' for server in servers)
    began = time.monotonic()
    output = testserver.launch(source[0], f'uri=taos+ws://{hosts}/',
                               *source[1:], '!', 'tdenginecsvenc',
                               'header=false', '!', 'fdsink')
    assert time.monotonic() - began < SOON, time.monotonic() - began
    return [int(line.split(',')[1]) for line in output.split()]


def main():
    if os.environ.get('TDENGINE_TEST_URI'):
        return testserver.SKIPPED
    for name, (action, source) in SOURCES.items():
        servers = [testserver.Server(), testserver.Server()]
        for server in servers:
            fill(server)
        servers[0].set_faults({'action': action, 'nth': 4, 'fault': 'exit',
                               'bytes': 1000, 'code': 86})
        rows = copy(source, servers)
        assert servers[0].wait() == 86
        assert rows == list(range(N_ROWS)), (name, len(rows), len(set(rows)))
        servers[1].stop()
    return 0


sys.exit(main())
