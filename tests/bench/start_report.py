"""start_report.py DIR RUNS: medians and ratios of what start.sh measured, to the screen and to build/report."""
import pathlib
import sys

from figures import medians, read_rows, read_samples, write

# Times the floor's wall time, median against median of one run.
GOALS = {"echo": 1.5, "push_send": 4.0}
COLUMNS = ("wall_us", "cpu_us", "peak_kb", "page_faults")


def figures_of(samples, instructions):
    figures = {}
    for name, columns in samples.items():
        figures[name] = {**medians(columns), "wall_us_min": min(columns["wall_us"]), "instructions": instructions.get(name)}
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
    figures = figures_of(read_samples(folder / "samples", COLUMNS), instructions)
    show(figures)
    is_met = all(figure.get("is_met", True) for figure in figures.values())
    report = {
        "what": "exec to the first GET /next, packaged bootstrap, beside a static raw-socket program",
        "unit": "us (wall, CPU), KB (peak resident), counts; medians of interleaved starts",
        "runs": runs,
        "goal": ", ".join(f"{name} at most {goal} times the floor" for name, goal in GOALS.items()),
        "is_met": is_met,
        "figures": figures,
    }
    write("start", report)
    sys.exit(0 if is_met else 1)


main()
