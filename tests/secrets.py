#!/usr/bin/python3
# secrets: a password and a token are seen nowhere
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: secrets.py SERVER

Pipelines with each element log in with a password that comes by each way there
is, and fail, too. What they log at the highest level, print, post on the bus,
draw as graphs and are called in the list of processes is looked through.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import testserver

USER, PASSWORD, WRONG = 'ola', 'hunter2-Zm9v', 'swordfish-YmFy'
TOKEN, BEARER, CODE = 'cloud-cXV4', 'bearer-cXV1eA', 'totp-OTE4Mjcz'
SECRETS = [PASSWORD, WRONG, TOKEN, BEARER, CODE]

PIPELINES = {
    'tdenginesrc': 'tdenginesrc {} query="select 1" ! fakesink',
    'tdenginesink': 'tdenginetestsrc num-buffers=1 ! '
                    'tdenginesink {} database=s table=m create=database+table',
    'tdenginecdcsrc': 'tdenginecdcsrc {} topic=t group-id=g end=latest '
                      '! fakesink',
}


def ways(folder, address):
    """For each way a secret comes by: properties, and the environment."""
    file = folder / 'password'
    file.write_text(PASSWORD + '\n')
    wrong = folder / 'wrong'
    wrong.write_text(WRONG + '\n')
    uri = f'uri=taos+ws://{USER}@{address}/'
    return [
        (f'{uri} password-file={file}', {}),
        (uri, {'TDENGINE_PASSWORD': PASSWORD}),
        (f'{uri} password-file={wrong}', {}),
        (uri, {'TDENGINE_PASSWORD': WRONG}),
    ]


# What an application sets itself stays out of a command line. It shows what it
# can show of an element: properties, a graph, messages.
APPLICATION = r'''
import sys
import gi
gi.require_version('Gst', '1.0')
from gi.repository import Gst
Gst.init(None)
Gst.debug_set_default_threshold(9)
line, address, user, password, token, bearer, code = sys.stdin.read().split('\n')
pipeline = Gst.parse_launch(line.format('name=it'))
it = pipeline.get_by_name('it')
it.set_property('uri', f'ws://{user}:{password}@{address}/?token={token}')
it.set_property('totp-code', code)
if bearer:
    it.set_property('bearer-token', bearer)
bus = pipeline.get_bus()
for state in Gst.State.READY, Gst.State.PLAYING:
    pipeline.set_state(state)
    print(Gst.debug_bin_to_dot_data(pipeline, Gst.DebugGraphDetails.ALL))
message = bus.timed_pop_filtered(20 * Gst.SECOND,
                                 Gst.MessageType.ERROR | Gst.MessageType.EOS)
print('ended', message.type == Gst.MessageType.EOS, message.get_structure().to_string()
      if message.get_structure() else '')
print(Gst.debug_bin_to_dot_data(pipeline, Gst.DebugGraphDetails.ALL))
for name in [p.name for p in it.list_properties() if p.flags & 1]:
    print(name, it.get_property(name))
pipeline.set_state(Gst.State.NULL)
'''


def check(text, where):
    for secret in SECRETS:
        at = text.find(secret)
        assert at < 0, (where, secret, text[max(at - 200, 0):at + 50])


def run(command, folder, environment, text=None):
    """Gives what it wrote, with its line in the list of processes."""
    log = folder / 'log'
    with open(log, 'w') as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=errors, text=True,
            env={**os.environ, 'GST_DEBUG': '*:9', 'G_MESSAGES_DEBUG': 'all',
                 'GST_DEBUG_DUMP_DOT_DIR': str(folder), **environment})
        line = pathlib.Path(f'/proc/{process.pid}/cmdline').read_text()
        output, _ = process.communicate(text, timeout=60)
    return line + output + log.read_text(errors='replace')


def main():
    if os.environ.get('TDENGINE_TEST_URI'):
        return testserver.SKIPPED
    os.environ['TDENGINE_TEST_SERVER_PASSWORD'] = PASSWORD
    server = testserver.Server('--user', USER)
    address = f'127.0.0.1:{server.port}'
    n_seen = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for element, pipeline in PIPELINES.items():
            for properties, environment in ways(folder, address):
                text = run(['sh', '-c', 'exec gst-launch-1.0 -m ' +
                            pipeline.format(properties)], folder, environment)
                assert 'GST_' in text
                check(text, (element, properties))
                n_seen += len(text)
            for password, bearer in ((PASSWORD, ''), (WRONG, ''),
                                     (PASSWORD, BEARER)):
                text = run([sys.executable, '-c', APPLICATION], folder, {},
                           '\n'.join([pipeline, address, USER, password, TOKEN,
                                      bearer, CODE]))
                assert 'digraph' in text, text[-2000:]
                # it was of use: there is no topic to follow, though
                well = (password == PASSWORD and not bearer
                        and element != 'tdenginecdcsrc')
                assert f'ended {well}' in text, element
                check(text, (element, 'application'))
                n_seen += len(text)
            check(run(['gst-inspect-1.0', element], folder,
                      {'TDENGINE_PASSWORD': PASSWORD, 'GST_DEBUG': '1'}),
                  (element, 'gst-inspect'))
        graphs = list(folder.glob('*.dot'))
        assert graphs
        for graph in graphs:
            check(graph.read_text(), graph.name)
    print(f'{n_seen} bytes and {len(graphs)} graphs hold no secret')
    server.stop()
    return 0


sys.exit(main())
