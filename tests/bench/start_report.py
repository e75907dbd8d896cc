"""start_report.py DIR RUNS: medians and ratios of what start.sh measured, to the screen and to build/report."""
import json
import os
import pathlib
import platform
import statistics
import sys

# Times the floor's wall time, median against median of one run.
GOALS = {"echo": 1.5, "push_send": 4.0}
COLUMNS = ("wall_us", "cpu_us", "peak_kb", "page_faults")


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    return f"{cpu or platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}"


def read_rows(path):
    return [line.split("\t") for line in path.read_text().splitlines()]


def figures_of(samples, instructions):
    figures = {}
    for name in dict.fromkeys(row[0] for row in samples):
        columns = list(zip(*([int(cell) for cell in row[1:]] for row in samples if row[0] == name)))
        figure = {key: round(statistics.median(column)) for key, column in zip(COLUMNS, columns)}
        figure["wall_us_min"] = min(columns[0])
        figure["instructions"] = instructions.get(name)
        figures[name] = figure
    for name, figure in figures.items():
        figure["ratio"] = round(figure["wall_us"] / figures["floor"]["wall_us"], 2)
        if name in GOALS:
            figure["goal"] = GOALS[name]
            figure["is_met"] = figure["ratio"] <= GOALS[name]
    return figures


def show(figures):
    print(f"{'':12}{'wall ms':>9}{'(min)':>9}{'CPU ms':>9}{'peak MB':>9}{'faults':>8}{'instructions':>14}{'x floor':>9}  goal")
    for name, f in figures.items():
        goal = f"{f['goal']:.1f} {'met' if f['is_met'] else 'MISSED'}" if "goal" in f else ""
        print(
            f"{name:12}{f['wall_us'] / 1000:9.2f}{f['wall_us_min'] / 1000:9.2f}{f['cpu_us'] / 1000:9.2f}{f['peak_kb'] / 1024:9.2f}"
            f"{f['page_faults']:8}{f['instructions'] or 0:14,}{f['ratio']:9.2f}  {goal}"
        )


def main():
    folder, runs = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    instructions = {name: int(count) for name, count in read_rows(folder / "instructions")}
    figures = figures_of(read_rows(folder / "samples"), instructions)
    show(figures)
    is_met = all(figure.get("is_met", True) for figure in figures.values())
    report = {
        "name": "start",
        "what": "exec to the first GET /next, packaged bootstrap, beside a static raw-socket program",
        "unit": "us (wall, CPU), KB (peak resident), counts; medians of interleaved starts",
        "runs": runs,
        "machine": machine(),
        "goal": ", ".join(f"{name} at most {goal} times the floor" for name, goal in GOALS.items()),
        "is_met": is_met,
        "figures": figures,
    }
    out = pathlib.Path("build/report/bench-start.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n")
    sys.exit(0 if is_met else 1)


main()
