#!/usr/bin/python3
# resting: downstream takes no rows for longer than a consumer may rest
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: resting.py SERVER

The server gives up a consumer that has not polled for max-poll-interval. When
rows are taken again, all of them have to come.
"""

import os
import time

import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstTDengine', '1.0')
from gi.repository import Gst, GstTDengine

import testserver

# more than is read ahead
N_TABLES, N_ROWS = 4, 600000
MAX_POLL_INTERVAL = 1000

name = f'test_resting_{os.getpid()}'


def play(pipeline):
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message and message.type == Gst.MessageType.EOS


def fill(uri):
    testserver.rest(uri, f'create database {name} vgroups 2')
    testserver.rest(uri, f'create table {name}.meters (ts timestamp, '
                    'current float, voltage int, phase float) '
                    'tags (location varchar(64), groupid int)')
    play(Gst.parse_launch(
        f'tdenginetestsrc tables={N_TABLES} rows={N_ROWS} interval=1000000 ! '
        f'tdenginesink uri={uri} database={name} super-table=meters'))
    testserver.rest(uri, f'create topic {name} as '
                    f'select tbname, ts, location from {name}.meters')


def follow(uri):
    """What came, and how often a consumer joined again."""
    pipeline = Gst.parse_launch(
        f'tdenginecdcsrc name=src uri={uri} topic={name} group-id={name} '
        'offset-reset=earliest end=latest session-timeout=6000 '
        f'max-poll-interval={MAX_POLL_INTERVAL} poll-interval=200 ! '
        'appsink name=sink sync=false async=false max-buffers=1')
    src, sink = map(pipeline.get_by_name, ('src', 'sink'))
    pipeline.set_state(Gst.State.PLAYING)
    came = set()
    while sample := sink.emit('try-pull-sample', 60 * Gst.SECOND):
        if not came:
            time.sleep(3 * MAX_POLL_INTERVAL / 1000)
        rows = GstTDengine.Rows.new_from_sample(sample)
        for row in range(rows.get_n_rows()):
            came.add((rows.get_text(0, row), rows.get_int64(1, row)))
    assert sink.props.eos
    n_rejoins = src.props.stats.get_uint64('reconnections').value
    pipeline.set_state(Gst.State.NULL)
    return came, n_rejoins


def main():
    uri = testserver.start()
    Gst.init(None)
    fill(uri)
    try:
        came, n_rejoins = follow(uri)
    finally:
        for what in 'topic', 'database':
            testserver.drop(uri, f'{what} {name}')
    assert len(came) == N_ROWS, len(came)
    # a real server takes its time to look
    assert n_rejoins > 0 or os.environ.get('TDENGINE_TEST_URI')


main()
