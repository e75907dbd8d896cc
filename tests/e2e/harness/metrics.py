"""Metrics that the functions can emit, read from their sources: what an alarm or a dashboard may look at."""

import re
from pathlib import Path
from typing import NamedTuple

from harness.paths import ROOT


class Metric(NamedTuple):
    namespace: str
    name: str
    dimensions: frozenset


def _functions(text: str) -> list[str]:
    """A C file cut where its functions end, clang-format's way: a brace at the beginning of a line."""
    return re.split(r"(?m)^\}$", text)


def _emitted_by(body: str, file: str) -> set[Metric]:
    """Of a function that calls nr_metric_emit(): the metrics of its own, and those of tables in the same file that it fills in by others."""
    call = re.search(r"nr_metric_emit\((\w+|\"[^\"]+\"),\s*(&?\w+),", body)
    namespace = call[1].strip('"') if call[1].startswith('"') else re.search(r'name_space\[\] = "([^"]+)"', file)[1]
    declared = re.search(r"struct nr_metric_dimension \w+(?:\[\])?\s*=\s*(\{.*?\});", body, re.S)
    dimensions = frozenset(re.findall(r'\{"(\w+)"', declared[1])) if declared else frozenset()
    assert bool(dimensions) == (call[2] != "NULL"), f"dimensions of {body[-200:]} are not understood"
    names = re.findall(r'"(\w+)", NR_METRIC_', body) + re.findall(r'\bcount\("(\w+)"', body)
    tables = re.findall(r'\[\w+\] = "(\w+)"', file) if not dimensions else []
    return {Metric(namespace, name, dimensions) for name in names + tables}


def emitted(scope: str) -> set[Metric]:
    """By functions whose NARAE_METRIC_SCOPE this is."""
    found = set()
    for source in sorted((ROOT / "functions").rglob("*.c")):
        text = re.sub(r"/\*.*?\*/", "", source.read_text(), flags=re.S)
        for body in _functions(text):
            if "nr_metric_emit(" in body:
                found |= _emitted_by(body, text)
    return {metric._replace(namespace=f"{metric.namespace}/{scope}") for metric in found}


# What AWS emits for us, by namespace: name -> dimensions. CloudWatch's lists in the developer guides of SQS ("Available CloudWatch
# metrics"), Lambda ("Types of metrics"), Kinesis Data Streams and Firehose ("Monitor with CloudWatch").
OF_AWS = {
    "AWS/SQS": (("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"), "QueueName"),
    "AWS/Lambda": (("Errors", "Throttles", "Duration", "Invocations", "ConcurrentExecutions"), "FunctionName"),
    "AWS/Kinesis": (("WriteProvisionedThroughputExceeded",), "StreamName"),
    "AWS/Firehose": (("DeliveryToS3.DataFreshness", "KinesisMillisBehindLatest", "FailedConversion.Records"), "DeliveryStreamName"),
}


def of_aws() -> set[Metric]:
    return {Metric(namespace, name, frozenset([dimension])) for namespace, (names, dimension) in OF_AWS.items() for name in names}


def of_alarm(alarm: dict) -> list[Metric]:
    """What an alarm looks at, its parameters put in: one metric, or those of its expression."""
    if "Metrics" not in alarm:
        return [_of(alarm)]
    return [_of(m["MetricStat"]["Metric"]) for m in alarm["Metrics"] if "MetricStat" in m]


def _of(described: dict) -> Metric:
    return Metric(described["Namespace"], described["MetricName"], frozenset(d["Name"] for d in described.get("Dimensions", [])))


def of_widget(line: list) -> Metric:
    """A line of a widget: namespace, name, dimensions by name and value, options."""
    words = [word for word in line if isinstance(word, str)]
    return Metric(words[0], words[1], frozenset(words[2::2]))
