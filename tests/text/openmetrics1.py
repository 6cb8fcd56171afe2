"""Reads expositions with the OpenMetrics parser of prometheus_client, and compares what it reads with what was
meant: the `.json` beside each."""

import json
import pathlib
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def read(path):
    # Newlines stay as they are: a carriage return in a label ends no line.
    text = path.read_bytes().decode()
    return list(text_string_to_metric_families(text))


def family(metric):
    samples = [(s.name, sorted(s.labels.items()), float(s.value)) for s in metric.samples]
    return (metric.name, metric.type, metric.unit, metric.documentation, sorted(samples))


def meant(entry):
    name, kind, unit, help_text, samples = entry
    samples = [(name, sorted(labels.items()), float(value)) for name, labels, value in samples]
    return (name, kind, unit, help_text, sorted(samples))


def compare(path):
    ours = [meant(entry) for entry in json.loads(path.with_suffix(".json").read_text())]
    theirs = [family(metric) for metric in read(path)]
    # The node's own metrics follow those that are compared.
    assert len(theirs) > len(ours), f"{path}: {len(theirs)} families"
    for our, their in zip(ours, theirs):
        assert our == their, f"{path}: meant {our}, read {their}"
    return sum(len(samples) for *_, samples in theirs)


def main():
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.om1"))
    samples = sum(compare(path) for path in paths)
    assert samples > 0, "there is nothing to read"
    print(f"{samples} samples in {len(paths)} expositions are what was meant")


main()
