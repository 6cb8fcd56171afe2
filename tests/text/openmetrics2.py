"""Parses expositions by the grammar of OpenMetrics 2.0: some as a whole, and of all the others every line."""

import pathlib
import sys

from abnf.parser import ParseError, Rule

# A whole exposition takes long.
WHOLE = 6
SAMPLES = ("counter", "gauge", "histogram")


class Grammar(Rule):
    pass


def parses(rule, text):
    try:
        Grammar(rule).parse_all(text)
    except ParseError:
        return False
    return True


def check_line(path, line):
    """Lines that open a family are told by their beginning, and need no grammar to be told apart."""
    if line.startswith("# "):
        rule = {"T": "type-line", "U": "unit", "H": "help", "E": "end"}.get(line[2])
        assert rule and parses(rule, line + "\n"), f"{path}: {line!r}"
    else:
        assert any(parses(rule, line) for rule in SAMPLES), f"{path}: {line!r}"


def main():
    Grammar.from_file(sys.argv[2])
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.om2"))
    texts = {path: path.read_bytes().decode() for path in paths}
    shortest = sorted(paths, key=lambda path: len(texts[path]))[:WHOLE]
    lines = set()
    for path in paths:
        if path in shortest:
            assert parses("exposition", texts[path]), f"{path} is no exposition"
            continue
        # Lines end with a line feed and nothing else.
        *rows, last = texts[path].split("\n")
        assert last == "" and rows[-1] == "# EOF", f"{path} has no end"
        for line in rows:
            if line not in lines:
                check_line(path, line)
                lines.add(line)
    print(f"{len(lines)} lines, and {len(shortest)} of {len(paths)} expositions as a whole, are by the grammar")


main()
