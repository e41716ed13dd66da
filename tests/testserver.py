# testserver: a server to test against, and gst-launch beside it
#
# TDENGINE_TEST_URI names a running server; otherwise the test server whose
# path is the first argument is started, which ends with the test.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import base64
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request

SKIPPED = 77


def start():
    uri = os.environ.get('TDENGINE_TEST_URI')
    if uri:
        return uri
    server = subprocess.Popen([sys.argv[1], '--port', '0', '--die-with-stdin'],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True)
    # listening on ws://127.0.0.1:PORT/ws
    address = server.stdout.readline().split('//')[1].split('/')[0]
    start.server = server
    return f'taos+ws://{address}/'


def rest(uri, sql, database=''):
    """Runs a statement over REST, and gives the answer's rows."""
    parts = urllib.parse.urlsplit(uri)
    login = f"{parts.username or 'root'}:{parts.password or 'taosdata'}"
    request = urllib.request.Request(
        f'http://{parts.hostname}:{parts.port or 6041}/rest/sql'
        + (f'/{database}' if database else ''),
        sql.encode(),
        {'Authorization': 'Basic ' + base64.b64encode(login.encode()).decode()})
    with urllib.request.urlopen(request) as reply:
        answer = json.load(reply)
    if answer['code'] != 0:
        raise RuntimeError(f"{sql}: {answer['desc']}")
    return answer['data']


def launch(*line):
    """Runs a pipeline to its end, and gives what it wrote to its output."""
    done = subprocess.run(['gst-launch-1.0', '-q', *line], timeout=60,
                          stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()
