# replaytopics: plays the record of consumers against the test server
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages are compared vgroup by vgroup, as the order in which vgroups come
may differ: each is read in every way there is, and what the record has of it
must be the same. Everything else is sent and compared in the record's order.

The requests to make tables within raw messages, which are the real server's
own words, are not compared; the JSON that tells the same is.
"""

import json
import struct

RAW_MESSAGE = 42
NONE_COMMITTED = -2147467247
CHANGE, ROWS_AND_TABLES = 2, 3

# what reads a message is asked of each message as it comes
READING = {'fetch', 'fetch_block', 'fetch_raw_data', 'fetch_json_meta'}
# how long a poll may wait for nothing, ms
PATIENCE = 50


class Bytes:
    """A raw message, read from its beginning."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        if self.at + size > len(self.data):
            raise ValueError('a raw message ends early')
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def varying(self):
        value = shift = 0
        while True:
            byte = self.number('B')
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def zigzag(self):
        value = self.varying()
        return (value >> 1) ^ -(value & 1)

    def text(self):
        return self.take(self.varying())[:-1].decode()


def read_schema(raw):
    count, version = raw.zigzag(), raw.zigzag()
    columns = []
    for _ in range(count):
        kind, flags = raw.number('B'), raw.number('B')
        width, number = raw.zigzag(), raw.zigzag()
        columns.append((kind, flags, width, number, raw.text()))
    return version, columns


def hide_now(block):
    """Times that `now` made are those of the day."""
    (version, flags, schema), rows = block
    limit = struct.pack('<q', 1767225600000)
    hidden = []
    for row in rows:
        hidden.append(tuple(
            'now' if kind == 9 and value and len(value) == 16
            and bytes.fromhex(value)[::-1] > limit[::-1]
            and bytes.fromhex(value)[::-1] < struct.pack('>q', 10 ** 14)
            else value for (kind, _), value in zip(schema, row)))
    return (version, flags, schema), hidden


def read_record(raw, decode_block):
    record = Bytes(raw.take(raw.varying()))
    version, rows = record.number('<q'), record.number('>q')
    packed, precision = record.number('B'), record.number('B')
    schema, values = hide_now(decode_block(record.data[record.at:]))
    if rows != len(values):
        raise ValueError(f'a record says {rows} rows and has {len(values)}')
    return version, packed, precision, schema, values


def read_raw(frame, decode_block):
    """What a reply to fetch_raw_data holds, but for its offsets."""
    head = struct.unpack_from('<QQH', frame)
    code, size = struct.unpack_from('<II', frame, 34)
    if code:
        return head, code, frame[RAW_MESSAGE:RAW_MESSAGE + size].decode()
    kind, length = struct.unpack_from('<HI', frame, RAW_MESSAGE + size + 8)
    raw = Bytes(frame[RAW_MESSAGE + size + 14:])
    if length != len(raw.data):
        raise ValueError('a raw message says another length than it has')
    version, offsets = raw.number('B'), raw.number('<i')
    begin, end = Bytes(raw.take(9)), Bytes(raw.take(9))
    offset_kinds = begin.number('B'), end.number('B')
    if begin.number('<q') >= end.number('<q'):
        raise ValueError('a raw message ends where it begins')
    blocks = []
    count = raw.number('<i')
    named, described = (raw.number('B'), raw.number('B')) if count else (0, 0)
    for _ in range(count):
        blocks.append((read_record(raw, decode_block),
                       read_schema(raw) if described else None,
                       raw.text() if named else None))
    if kind == 2 and raw.take(8) != bytes(8):
        raise ValueError('a raw message asks to sleep')
    return head, kind, version, offsets, offset_kinds, blocks


class Message:
    """What was read of one message; what was not is None."""

    def __init__(self, line, reply):
        self.line = line
        self.head = (reply['topic'], reply['database'], reply['message_type'])
        self.vgroup = reply['vgroup_id']
        self.id = reply['message_id']
        self.change = None
        self.blocks = []
        self.raw = None

    def differences(self, other):
        yield 'message', self.head, other.head
        for name in 'change', 'blocks', 'raw':
            expected = getattr(self, name)
            if expected:
                yield name, expected, getattr(other, name)


class TopicPlayer:
    def __init__(self, player, socket, decode_block, in_between):
        self.player = player
        self.socket = socket
        self.decode_block = decode_block
        self.in_between = in_between
        self.expected = []
        self.got = []
        self.fields = None
        self.vgroups = {}

    def play(self, lines):
        self.recorded = sorted(
            {reply['vgroup_id'] for reply in self.replies(lines)
             if reply.get('vgroup_id')})
        for number, frame in enumerate(lines, 1):
            if 'note' in frame and self.in_between:
                self.in_between(frame['note'])
            if frame.get('dir') == 'send':
                self.step(number, json.loads(frame['text']), lines[number])
        self.compare_messages()

    @staticmethod
    def replies(lines):
        return [json.loads(line['text']) for line in lines
                if line.get('dir') == 'recv' and 'text' in line]

    def ask(self, action, **args):
        self.socket.send(json.dumps(
            {'action': action, 'args': {'req_id': 1, **args}}))
        reply = self.socket.receive()
        return json.loads(reply) if isinstance(reply, str) else reply

    def step(self, line, request, answer):
        self.player.frames += 1
        action, args = request['action'], request['args']
        if action in READING:
            self.take_recorded(action, answer)
        elif action == 'poll':
            self.poll(line, args, json.loads(answer['text']))
        else:
            self.compare_call(line, action, args, json.loads(answer['text']))

    # messages

    def poll(self, line, args, expected):
        if expected['have_message']:
            self.expected.append(Message(line, expected))
        got = self.ask('poll', blocking_time=PATIENCE)
        keys = set(expected) - {'timing', 'req_id'}
        self.player.compare(line, keys, set(got) - {'timing', 'req_id'},
                            'keys ')
        if got['have_message']:
            self.got.append(self.read(line, got))

    def read(self, line, reply):
        message = Message(line, reply)
        if reply['message_type'] in (CHANGE, ROWS_AND_TABLES):
            message.change = self.ask('fetch_json_meta',
                                      message_id=message.id)['data']
        if reply['message_type'] != CHANGE:
            while not (fetched := self.ask('fetch', message_id=message.id))[
                    'completed']:
                block = self.ask('fetch_block', message_id=message.id)
                message.blocks.append(self.describe(fetched, block))
            message.raw = read_raw(
                self.ask('fetch_raw_data', message_id=message.id),
                self.decode_block)
        return message

    def describe(self, fetched, block):
        kept = {key: value for key, value in fetched.items()
                if key not in ('timing', 'req_id', 'message_id', 'action')}
        return kept, hide_now(self.decode_block(block[24:]))

    def take_recorded(self, action, answer):
        message = self.expected[-1]
        if action == 'fetch_json_meta':
            message.change = json.loads(answer['text'])['data']
        elif action == 'fetch_raw_data':
            message.raw = read_raw(bytes.fromhex(answer['hex']),
                                   self.decode_block)
        elif action == 'fetch_block':
            message.blocks.append(self.describe(
                self.fields, bytes.fromhex(answer['hex'])))
        else:
            self.fields = json.loads(answer['text'])

    def drain(self):
        """What the record's own polls did not bring in their order."""
        while (reply := self.ask('poll', blocking_time=PATIENCE)).get(
                'have_message'):
            self.got.append(self.read(0, reply))

    def compare_messages(self):
        for recorded, ours in self.vgroups.items():
            expected = [message for message in self.expected
                        if message.vgroup == recorded]
            got = [message for message in self.got if message.vgroup == ours]
            for one, other in zip(expected, got):
                for name, value, other_value in one.differences(other):
                    self.player.compare(one.line, value, other_value,
                                        f'{name} ')
            self.player.compare(
                expected[-1].line if expected else 0, len(expected), len(got),
                f'messages of vgroup {recorded}: ')

    # vgroups

    def map_vgroups(self, topics):
        """The record's vgroups and ours, in the order they were made."""
        ours = sorted(share['vgroup_id'] for topic in topics
                      for share in self.ask('assignment', topic=topic).get(
                          'assignment', []))
        self.vgroups = dict(zip(self.recorded, ours))

    def place(self, args):
        """A request about a vgroup, in our numbers."""
        if 'topic_vgroup_ids' in args:
            return {'topic_vgroup_ids': [
                self.place(pair) for pair in args['topic_vgroup_ids']]}
        if 'vgroup_id' not in args:
            return args
        vgroup = args['vgroup_id']
        return {**args, 'vgroup_id': self.vgroups.get(vgroup, vgroup)}

    # everything else

    def compare_call(self, line, action, args, expected):
        if action == 'unsubscribe':
            self.drain()
        args = {key: value for key, value in args.items() if key != 'req_id'}
        got = self.ask(action, **self.place(args))
        if action == 'subscribe':
            self.map_vgroups(args['topics'])
        self.player.compare(line, list(expected), list(got), 'keys ')
        for key, value in expected.items():
            if key == 'assignment':
                self.player.compare(line, len(value), len(got.get(key, [])),
                                    'vgroups ')
            elif key == 'position':
                self.player.compare(line, len(value), len(got.get(key, [])), 'places ')
            elif key == 'committed':
                self.player.compare(
                    line, [at == NONE_COMMITTED for at in value],
                    [at == NONE_COMMITTED for at in got.get(key, [])], 'none there ')
            elif key not in ('timing', 'req_id', 'vgroup_id', 'message_id'):
                self.player.compare(line, value, got.get(key), f'{key} ')
