"""What the reports of all benches share: the machine, tables of samples, the file that is left behind."""
import json
import os
import pathlib
import platform
import statistics


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    return f"{cpu or platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}"


def read_rows(path):
    return [line.split("\t") for line in path.read_text().splitlines()]


def read_samples(path, columns):
    """NAME and numbers in each line -> {name: {column: [numbers]}}, names in the order of their first line."""
    samples = {}
    for name, *numbers in read_rows(path):
        of_name = samples.setdefault(name, {column: [] for column in columns})
        for column, number in zip(columns, numbers, strict=True):
            of_name[column].append(int(number))
    return samples


def medians(columns):
    return {column: round(statistics.median(numbers)) for column, numbers in columns.items()}


def write(name, report):
    out = pathlib.Path("build/report") / f"bench-{name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"name": name, "machine": machine(), **report}, indent=2) + "\n")
