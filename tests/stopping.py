#!/usr/bin/python3
# stopping: a pipeline goes to NULL whatever the server leaves unanswered
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: stopping.py SERVER

An answer never comes; once its request is there, the pipeline is stopped. If
that waited for the server it would take the message time-out, and the test
its own.
"""

import sys
import time

import gi
gi.require_version('Gst', '1.0')
from gi.repository import Gst

import testserver

PIPELINES = ['', 'split-by=table parallelism=3',
             'split-by=table parallelism=3 order=split',
             'split-by=table mode=both']
ACTIONS = ['conn', 'binary_query', 'fetch_raw_block']


def wait_until_fired(server):
    while not any(rule['fired'] for rule in server.side_door('GET')):
        time.sleep(0.005)


def main():
    Gst.init(None)
    server = testserver.Server()
    testserver.rest(server.uri, 'create database d')
    testserver.rest(server.uri, 'create table d.m (ts timestamp, v int) '
                    'tags (g int)')
    for table in range(4):
        testserver.rest(server.uri, f'insert into d.d{table} using d.m '
                        f'tags({table}) values (now, 1)')
    for action in ACTIONS:
        for words in PIPELINES:
            server.set_faults({'path': '/ws', 'action': action, 'count': 0,
                               'fault': 'ignore'})
            pipeline = Gst.parse_launch(
                f'tdenginesrc uri={server.uri} database=d table=m {words} '
                '! fakesink')
            pipeline.set_state(Gst.State.PLAYING)
            wait_until_fired(server)
            begin = time.monotonic()
            pipeline.set_state(Gst.State.NULL)
            print(f'{action} {words}: {1000 * (time.monotonic() - begin):.1f} ms')
    server.stop()


main()
