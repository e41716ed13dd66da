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
import time
import urllib.parse
import urllib.request

SKIPPED = 77


def start():
    uri = os.environ.get('TDENGINE_TEST_URI')
    if uri:
        return uri
    start.server = Server()
    return start.server.uri


class Server:
    """The test server with options, and with faults on demand."""

    def __init__(self, *options):
        self.options = options
        self.port = 0
        self.start()

    def start(self):
        """Starts it, again at the port it had."""
        self.process = subprocess.Popen(
            [sys.argv[1], '--port', str(self.port), '--die-with-stdin',
             *self.options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # listening on ws://127.0.0.1:PORT/ws
        address = self.process.stdout.readline().split('//')[1].split('/')[0]
        self.port = int(address.split(':')[1])
        self.uri = f'taos+ws://{address}/'

    def wait(self):
        """Waits until a fault has ended it, and gives its status."""
        status = self.process.wait(30)
        self.process.stdin.close()
        self.process.stdout.close()
        return status

    def stop(self):
        self.process.terminate()
        return self.wait()

    def side_door(self, method, rules=None):
        request = urllib.request.Request(
            f'http://127.0.0.1:{self.port}/-/fault', method=method,
            data=json.dumps(rules).encode() if rules is not None else None)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def set_faults(self, *rules):
        """In place of those there were; see server/README.md."""
        return self.side_door('POST', rules)

    def clear_faults(self):
        """Gives for each rule what it has seen and how often it fired."""
        return self.side_door('DELETE')


def ask(uri, sql, database=''):
    """Asks over REST for a statement's code, and its rows or what is wrong."""
    parts = urllib.parse.urlsplit(uri)
    login = f"{parts.username or 'root'}:{parts.password or 'taosdata'}"
    request = urllib.request.Request(
        f'http://{parts.hostname}:{parts.port or 6041}/rest/sql'
        + (f'/{database}' if database else ''),
        sql.encode(),
        {'Authorization': 'Basic ' + base64.b64encode(login.encode()).decode()})
    with urllib.request.urlopen(request) as reply:
        answer = json.load(reply)
    return answer['code'], answer['data' if answer['code'] == 0 else 'desc']


def rest(uri, sql, database=''):
    """Runs a statement over REST, and gives the answer's rows."""
    code, answer = ask(uri, sql, database)
    if code != 0:
        raise RuntimeError(f'{sql}: {answer}')
    return answer


def drop(uri, what):
    """Drops a database or a topic, once the server is done with it: it may have
    a transaction of its own under way, or consumers that have just left."""
    end = time.monotonic() + 30
    while (answer := ask(uri, f'drop {what}'))[0] != 0:
        if time.monotonic() > end:
            raise RuntimeError(f'drop {what}: {answer[1]}')
        time.sleep(0.1)


def launch(*line):
    """Runs a pipeline to its end, and gives what it wrote to its output."""
    done = subprocess.run(['gst-launch-1.0', '-q', *line], timeout=60,
                          stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()
