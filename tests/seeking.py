#!/usr/bin/python3
# seeking: a scrub through what tdenginesrc reads
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: seeking.py SERVER

Row i of a table has the time FIRST + i seconds and the value i: after a seek
to a stream time the row of that second comes first, with the rows behind it.
"""

import os

import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstTDengine', '1.0')
from gi.repository import Gst, GstTDengine

import testserver

FIRST = 1734628365000
N_ROWS = 100

name = f'test_seeking_{os.getpid()}'


def pull(sink):
    """A row's value and its stream time in seconds, None at the end."""
    sample = sink.emit('try-pull-sample', 20 * Gst.SECOND)
    if not sample:
        assert sink.props.eos, 'no row, and no end'
        return None
    rows = GstTDengine.Rows.new_from_sample(sample)
    time = sample.get_segment().to_stream_time(Gst.Format.TIME,
                                               sample.get_buffer().pts)
    return rows.get_int64(1, 0), time // Gst.SECOND


def scrub(uri, words):
    pipeline = Gst.parse_launch(
        f'tdenginesrc uri={uri} database={name} {words} rows-per-buffer=1 ! '
        'appsink name=sink sync=false max-buffers=1')
    sink = pipeline.get_by_name('sink')
    pipeline.set_state(Gst.State.PLAYING)
    assert [pull(sink) for _ in range(2)] == [(0, 0), (1, 1)]
    for second in (50, 10, 99, 0):
        assert pipeline.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH,
                                    second * Gst.SECOND)
        assert pull(sink) == (second, second), (words, second)
    assert pipeline.seek(1.0, Gst.Format.TIME, Gst.SeekFlags.FLUSH,
                         Gst.SeekType.SET, 90 * Gst.SECOND,
                         Gst.SeekType.NONE, -1)
    assert [pull(sink) for _ in range(11)] == [
        (i, i) for i in range(90, N_ROWS)] + [None]
    pipeline.set_state(Gst.State.NULL)
    print(f'{words}: 5 seeks')


def main():
    Gst.init(None)
    uri = testserver.start()
    testserver.rest(uri, f'create database {name}')
    testserver.rest(uri, f'create table {name}.t (ts timestamp, v int)')
    values = ' '.join(f'({FIRST + 1000 * i},{i})' for i in range(N_ROWS))
    testserver.rest(uri, f'insert into {name}.t values {values}')
    try:
        for words in ('table=t',
                      'query="select * from t" split-by=time split-column=ts '
                      'split-interval=7s order=split parallelism=2'):
            scrub(uri, words)
    finally:
        testserver.rest(uri, f'drop database {name}')


main()
