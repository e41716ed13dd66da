#!/usr/bin/python3
# checkpoint: an application in Python that confirms what it has stored
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import queue
import unittest

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstTDengine", "1.0")
from gi.repository import GLib, Gst, GstTDengine

Gst.init(None)

TIMEOUT = 30 * Gst.SECOND


class Source:
    """A source's pad, and what it was told of its checkpoints."""

    def __init__(self, sink_pad):
        self.told = queue.Queue()
        self.progress = GstTDengine.Progress.new(self.on_settled)
        self.pad = Gst.Pad.new("src", Gst.PadDirection.SRC)
        self.pad.set_active(True)
        self.pad.link(sink_pad)
        self.pad.push_event(Gst.Event.new_stream_start("test"))
        self.pad.push_event(Gst.Event.new_caps(Gst.Caps.from_string("test/rows")))
        segment = Gst.Segment()
        segment.init(Gst.Format.TIME)
        self.pad.push_event(Gst.Event.new_segment(segment))

    def on_settled(self, position, error, *_):
        self.told.put((position.get_int("number").value, error and error.message))

    def push_rows(self):
        assert self.pad.push(Gst.Buffer.new_wrapped(b"rows")) == Gst.FlowReturn.OK

    def push_checkpoint(self, number):
        position = Gst.Structure.new_from_string(f"position, number=(int){number}")
        self.pad.push_event(self.progress.make_checkpoint(position))

    def wait(self):
        return self.told.get(timeout=30)


class Checkpoints(unittest.TestCase):
    def setUp(self):
        self.bin = Gst.parse_bin_from_description(
            "queue name=queue ! appsink name=sink sync=false async=false", False)
        self.bin.set_state(Gst.State.PLAYING)
        self.sink = self.bin.get_by_name("sink")
        self.source = Source(self.bin.get_by_name("queue").get_static_pad("sink"))

    def tearDown(self):
        self.bin.set_state(Gst.State.NULL)

    def pull(self):
        return GstTDengine.Checkpoint.pull(self.sink, TIMEOUT)

    def test_an_application_confirms_what_it_stored(self):
        kept = []
        for number in range(3):
            self.source.push_rows()
            self.source.push_checkpoint(number)
        for number in range(3):
            checkpoint, sample = self.pull()
            self.assertIsNone(checkpoint)
            self.assertEqual(sample.get_buffer().get_size(), 4)
            checkpoint, nothing = self.pull()
            self.assertIsNone(nothing)
            self.assertEqual(checkpoint.get_position().get_int("number").value, number)
            self.assertTrue(self.source.told.empty())
            checkpoint.confirm()
            # what the application keeps holds nothing up
            kept += checkpoint, sample
            self.assertEqual(self.source.wait(), (number, None))

    def test_what_is_let_go_is_not_confirmed(self):
        self.source.push_checkpoint(1)
        checkpoint, _ = self.pull()
        del checkpoint
        number, error = self.source.wait()
        self.assertEqual(number, 1)
        self.assertIn("did not confirm", error)

    def test_a_failure_is_told(self):
        self.source.push_checkpoint(1)
        checkpoint, _ = self.pull()
        checkpoint.fail(GLib.Error("the disk is full", "g-io-error-quark", 12))
        self.assertEqual(self.source.wait(), (1, "the disk is full"))

    def test_a_probe_claims_what_passes(self):
        claims = queue.Queue()

        def on_event(pad, info):
            checkpoint = GstTDengine.Checkpoint.claim(info.get_event())
            if checkpoint:
                claims.put(checkpoint)
            return Gst.PadProbeReturn.OK

        self.bin.get_by_name("queue").get_static_pad("src").add_probe(
            Gst.PadProbeType.EVENT_DOWNSTREAM, on_event)
        self.source.push_checkpoint(1)
        self.pull()[0].confirm()
        self.assertTrue(self.source.told.empty())
        claims.get(timeout=30).confirm()
        self.assertEqual(self.source.wait(), (1, None))

    def test_eos_is_the_end(self):
        self.source.push_rows()
        self.source.pad.push_event(Gst.Event.new_eos())
        self.assertIsNotNone(self.pull()[1])
        self.assertEqual(tuple(self.pull()), (None, None))


if __name__ == "__main__":
    unittest.main()
