#!/usr/bin/python3
# errors: the page of errors, out of the sources that raise them
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: errors.py SOURCES [PAGE]

Prints docs/errors.md: the library's codes are those of its header, the server's
those of the table that says what becomes of a write. With a page it compares
the two, and looks for codes that nothing raises.
"""

import pathlib
import re
import sys

HEAD = '''# Errors

This page is made by `docs/errors.py`; a test compares the two.

Every error of the library is of the domain [error@GstTDengine.Error]. A message of an element has its code as
`tdengine-code` in its details, a server's own as `server-code`; both are numbers. A server's code also stands at the
end of the text, as `(0x2603)`, behind the server's own words.

## The library's codes

Those below 0x10000 are what TDengine's own connectors call the same situation.

| code | `GST_TDENGINE_ERROR_` | |
|---|---|---|
'''

CONNECTORS = '''
## Codes of TDengine's connectors

What they list, and what it is here.

| there | here | |
|---|---|---|
| 0xa000, 0xa001, 0xa002, 0xa010, 0xa011, 0x2371, 0x2376 | 0x2303 | the message names the setting |
| 0xa012 | | no rows are the end of the stream, no error |
| 0xa013 | | rows need no serializer |
| 0xa014 | 0x10003 | the columns come with the caps |
| 0x2304, 0x2305, 0x230e, 0x2375, 0x2377 | 0x2301 | what belongs to a connection ends with it |
| 0x2315 | 0x230f | |
| 0x2378, 0x237a | 0x10000 | with the server's own code |
| 0x230d | | a mistake of the program that calls: a critical warning |
| 0x2352 to 0x2356 | | of TDengine's native client, which is not used |
'''

SERVER = '''
## The server's codes

What becomes of a write that a server refused. *passes*: it is tried again; *row*: rows of the request are at
fault, which `on-error` can leave out; *table*: no row of that table is taken. What is not listed lasts. A query with
`auto-reconnect` goes on over another connection where a code passes.

| code | | |
|---|---|---|
'''


def read_codes(header):
    codes = dict(re.findall(r'GST_TDENGINE_ERROR_(\w+) = (0x\w+)', header))
    comment = header[header.index('* GstTDengineError:'):
                     header.index('What can go wrong')]
    words = dict(re.findall(r'@GST_TDENGINE_ERROR_(\w+): ((?:.|\n \*   )+)',
                            comment))
    assert codes.keys() == words.keys(), codes.keys() ^ words.keys()
    for name, code in codes.items():
        yield code, name, re.sub(r'\n \*  ', '', words[name])


def read_causes(source):
    table = source[source.index('} causes[] = {'):]
    words = {'PASSING': 'passes', 'ROW': 'row', 'TABLE': 'table'}
    for code, cause, comment in re.findall(
            r'\{(0x\w{4}), (\w+)\},(?:[ ]+/\* (.*?) \*/)?',
            table[:table.index('};')]):
        yield code, words[cause], comment


def make_page(sources):
    library = sources / 'gst/tdengine'
    page = HEAD
    for code, name, words in read_codes(
            (library / 'gsttdengineerror.h').read_text()):
        page += f'| {code} | `{name}` | {words} |\n'
    page += CONNECTORS + SERVER
    for code, cause, comment in sorted(read_causes(
            (library / 'gsttdenginecause.c').read_text())):
        page += f'| {code} | {cause} | {comment} |\n'
    return page


def find_unused(sources):
    texts = ''.join(path.read_text() for folder in ('gst/tdengine', 'elements')
                    for path in (sources / folder).glob('*.c'))
    header = (sources / 'gst/tdengine/gsttdengineerror.h').read_text()
    # some are put together by a macro
    return [name for _, name, _ in read_codes(header)
            if not re.search(rf'(?<![%\w])GST_TDENGINE_ERROR_{name}\b|'
                             rf'refuse \(error, {name},', texts)]


def main():
    sources = pathlib.Path(sys.argv[1])
    page = make_page(sources)
    if len(sys.argv) == 2:
        print(page, end='')
        return 0
    same = pathlib.Path(sys.argv[2]).read_text() == page
    unused = find_unused(sources)
    if not same:
        print(f'{sys.argv[2]} is out of date: docs/errors.py . > docs/errors.md')
    if unused:
        print('nothing raises', ', '.join(unused))
    return 0 if same and not unused else 1


sys.exit(main())
