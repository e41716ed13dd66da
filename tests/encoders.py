#!/usr/bin/python3
# encoders: what the encoders write, read by Python's csv and json
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: encoders.py WRITESHEET. The values are those of sheet.c."""

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from decimal import Decimal

NAMES = ['ts', 'a bool', 'tiny', 'small', 'int', 'big', 'utiny', 'usmall',
         'uint', 'ubig', 'float', 'double', 'text, "quoted"', '温度', 'varb',
         'geo', 'blob', 'dec64', 'dec128', 'json', 'tiny']

CSV = [
    ['2024-12-19T19:12:45.642123456Z', 'true', '-128', '-32768', '-2147483648',
     '-9223372036854775808', '0', '0', '0', '0', '50.3', '-2.25', 'plain',
     '你好😀', '0102ff', '504f494e54', '626c6f62', '123.45',
     '12345678901234567890.0123456789',
     '{"k": "v",\n "n": [1, 2.50, true]}', '1'],
    [''] * 21,
    ['1969-12-31T23:59:59.999999999Z', 'false', '127', '32767', '2147483647',
     '9223372036854775807', '255', '65535', '4294967295',
     '18446744073709551615', '-3.4e+38', '1.7e+308', '', '', '', '', '',
     '-99999999.99', '-0.0000000001', 'null', '2'],
    ['1970-01-01T00:00:00.000000000Z', 'true', '1', '2', '3', '4', '5', '6',
     '7', '8', '0.1', None, 'a,b;"c"\r\nd\te\\f/\x01\x7f',
     ' "in", quotes\n\u2028\u0085 ', '22', '2c', '0a', '0.00',
     '-0.5000000000', 'not json', '3'],
    ['1970-01-01T00:00:00.000000000Z', 'true', '1', '2', '3', '4', '5', '6',
     '7', '8', 'inf', 'nan', ' leads', 'trails ', '78', '79', '7a', '0.01',
     '1.0000000000', '"\\u00e9"', '4'],
]

NULL = None
JSON = [
    [CSV[0][0], True, -128, -32768, -2147483648, -9223372036854775808, 0, 0, 0,
     0, Decimal('50.3'), Decimal('-2.25'), 'plain', '你好😀', '0102ff',
     '504f494e54', '626c6f62', '123.45', '12345678901234567890.0123456789',
     {'k': 'v', 'n': [1, Decimal('2.50'), True]}, 1],
    [NULL] * 21,
    [CSV[2][0], False, 127, 32767, 2147483647, 9223372036854775807, 255, 65535,
     4294967295, 18446744073709551615, Decimal('-3.4e+38'),
     Decimal('1.7e+308'), '', '', '', '', '', '-99999999.99', '-0.0000000001',
     NULL, 2],
    [CSV[3][0], True, 1, 2, 3, 4, 5, 6, 7, 8, Decimal('0.1'), None,
     CSV[3][12], CSV[3][13], '22', '2c', '0a', '0.00', '-0.5000000000',
     'not json', 3],
    [CSV[4][0], True, 1, 2, 3, 4, 5, 6, 7, 8, NULL, NULL, ' leads', 'trails ',
     '78', '79', '7a', '0.01', '1.0000000000', 'é', 4],
]
SMALLEST = (3, 11)  # the smallest double: its digits are not what matters

checks = 0


def check(what, expected, found):
    global checks
    checks += 1
    if type(expected) is not type(found) or expected != found:
        sys.exit(f'{what}: expected {expected!r} but it is {found!r}')


def write(writesheet, encoder):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'sheet')
        subprocess.run([writesheet, encoder, path], check=True)
        with open(path, 'rb') as file:
            return file.read().decode()


def check_csv(text, delimiter, has_header):
    # not splitlines(), to which many a character is the end of a line
    rows = list(csv.reader(re.findall(r'[^\n]*\n', text),
                           delimiter=delimiter, strict=True))
    if has_header:
        check('header', NAMES, rows.pop(0))
    check('number of rows', len(CSV), len(rows))
    for i, row in enumerate(rows):
        check(f'fields of row {i}', len(CSV[i]), len(row))
        for j, field in enumerate(row):
            if (i, j) == SMALLEST:
                check('smallest double', 5e-324, float(field))
            else:
                check(f'row {i}, {NAMES[j]}', CSV[i][j], field)


def check_null_is_not_empty(text):
    lines = text.split('\n')
    check('a row of NULLs', ',' * 20, lines[3])
    check('empty text and binary', ',"","","","","",',
          re.search(r'1\.7e\+308(.*)-99999999\.99', lines[4])[1])


def check_json(text):
    names = NAMES[:-1] + ['tiny_1']
    lines = text.split('\n')
    check('end of the last line', '', lines.pop())
    check('number of rows', len(JSON), len(lines))
    for i, line in enumerate(lines):
        members = json.loads(line, object_pairs_hook=list,
                             parse_float=Decimal, parse_constant=sys.exit)
        check(f'keys of row {i}', names, [key for key, value in members])
        row = json.loads(line, parse_float=Decimal, parse_constant=sys.exit)
        for j, name in enumerate(names):
            if (i, j) == SMALLEST:
                check('smallest double', 5e-324, float(row[name]))
            else:
                check(f'row {i}, {name}', JSON[i][j], row[name])


def main():
    writesheet = sys.argv[1]
    text = write(writesheet, 'tdenginecsvenc')
    check_csv(text, ',', True)
    check_null_is_not_empty(text)
    check_csv(write(writesheet, 'tdenginecsvenc header=false delimiter=;'),
              ';', False)
    check_csv(write(writesheet, 'tdenginecsvenc delimiter="\t"'), '\t', True)
    check_csv(write(writesheet, 'tdenginecsvenc delimiter=1'), '1', True)
    check_json(write(writesheet, 'tdenginejsonenc'))
    print(f'{checks} checks')


if __name__ == '__main__':
    main()
