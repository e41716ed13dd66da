#!/usr/bin/python3
# seeds: what the record of a real server gives a fuzzer to begin with
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes corpora and a dictionary of words.

usage: seeds.py TRANSCRIPTS_FOLDER OUTPUT_FOLDER

OUTPUT_FOLDER/sql/ has a file for each connection, a statement a line, with
the tables made first; OUTPUT_FOLDER/words.dict what SQL is made of.
"""

import json
import re
import sys
from pathlib import Path

SETUP = 'setup'
CONNECTIONS = ['query', 'types', 'stmt2', 'large', 'tmq_setup', 'tmq_changes']
SQL_ACTIONS = {6, 10}       # binary_query, validate_sql
SQL_AT = 30
# longer statements only repeat themselves
MAX_STATEMENT = 2000


def sent(folder, name):
    """The frames of a connection that the client sent."""
    with open(folder / f'{name}.jsonl', encoding='utf-8') as lines:
        for line in lines:
            frame = json.loads(line)
            if frame.get('dir') == 'send':
                yield (frame['text'] if 'text' in frame
                       else bytes.fromhex(frame['hex']))


def statements(folder, name):
    for frame in sent(folder, name):
        if isinstance(frame, str):
            sql = json.loads(frame).get('args', {}).get('sql')
        elif frame[16] in SQL_ACTIONS:
            sql = frame[SQL_AT:].decode(errors='replace')
        else:
            sql = None
        if sql and len(sql) < MAX_STATEMENT:
            yield sql.replace('\n', ' ')


def write_statements(folder, output):
    """Whole connections, and each statement of them behind the tables."""
    output.mkdir(parents=True, exist_ok=True)
    setup = list(statements(folder, SETUP))
    (output / SETUP).write_text('\n'.join(setup))
    for name in CONNECTIONS:
        found = list(statements(folder, name))
        (output / name).write_text('\n'.join(setup + found))
        for number, sql in enumerate(found):
            (output / f'{name}-{number}').write_text('\n'.join(setup + [sql]))


def write_words(folder, output):
    text = ' '.join(sql for name in [SETUP] + CONNECTIONS
                    for sql in statements(folder, name))
    words = sorted(set(re.findall(r'[A-Za-z_]{2,}|[<>=!|&]{2}', text)))
    output.write_text(''.join(f'" {word} "\n' for word in words))


def main(folder, output):
    write_statements(folder, output / 'sql')
    write_words(folder, output / 'words.dict')


main(*map(Path, sys.argv[1:]))
