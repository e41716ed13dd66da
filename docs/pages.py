#!/usr/bin/python3
# pages: the pages as gi-docgen wants them
#
# It takes a title from a line of its own and puts all pages in one directory.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: pages.py OUTPUT_DIR PAGE..."""
import os
import re
import sys

LINK = re.compile(r"\]\((?:[\w/.]*/)?(\w+)\.md(#[\w-]+)?\)")


def convert(text):
    title = re.match(r"# (.*)\n", text)[1]
    return f"Title: {title}\n\n" + LINK.sub(r"](\1.html\2)", text)


for path in sys.argv[2:]:
    name = os.path.basename(path)
    with open(path) as page, open(os.path.join(sys.argv[1], name), "w") as out:
        out.write(convert(page.read()))
