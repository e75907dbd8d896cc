"""runtime_report.py DIR ROUNDS COUNT: medians, ratios and goals of what runtime.sh measured, to the screen and to build/report."""
import pathlib
import sys

from figures import medians, read_rows, read_samples, write

START = ("start_wall_us", "start_cpu_us", "start_peak_kb", "start_faults")
INVOKE = ("invoke_cpu_ns", "invoke_wall_ns", "end_peak_kb", "threads")

# What Narae promises; each is a claim about one column.
GOALS = (
    ("start at most 1.5 times the floor's", lambda f: f["narae"]["start_wall_us"] <= 1.5 * f["floor"]["start_wall_us"]),
    ("start ahead of Rust", lambda f: f["narae"]["start_wall_us"] < f["rust"]["start_wall_us"]),
    ("CPU of an invocation at most 1.4 times the floor's", lambda f: f["narae"]["invoke_cpu_ns"] <= 1.4 * f["floor"]["invoke_cpu_ns"]),
    ("CPU of an invocation ahead of Rust", lambda f: f["narae"]["invoke_cpu_ns"] < f["rust"]["invoke_cpu_ns"]),
    ("resident memory at the first /next under 2.5 MB", lambda f: f["narae"]["start_peak_kb"] * 1024 < 2_500_000),
)


def figures_of(folder):
    instructions = {name: (int(start), int(one)) for name, start, one in read_rows(folder / "instructions")}
    versions = dict(read_rows(folder / "versions"))
    starts = read_samples(folder / "starts", START)
    invocations = read_samples(folder / "invocations", INVOKE)
    figures = {}
    for name, columns in starts.items():
        figure = {"version": versions.get(name, ""), **medians(columns), **medians(invocations[name])}
        figure["start_wall_us_min"] = min(columns["start_wall_us"])
        figure["invoke_cpu_ns_min"] = min(invocations[name]["invoke_cpu_ns"])
        if name in instructions:
            figure["invoke_instructions"] = instructions[name][1]
        figures[name] = figure
    for figure in figures.values():
        figure["start_ratio"] = round(figure["start_wall_us"] / figures["floor"]["start_wall_us"], 2)
        figure["invoke_ratio"] = round(figure["invoke_cpu_ns"] / figures["floor"]["invoke_cpu_ns"], 2)
    return figures


def show(figures):
    print(f"{'':8}{'start ms':>10}{'(min)':>8}{'x floor':>9}{'peak MB':>9}{'CPU us/event':>14}{'(min)':>8}{'x floor':>9}{'wall us':>9}"
          f"{'instr.':>9}{'threads':>8}  version")
    for name, f in figures.items():
        print(f"{name:8}{f['start_wall_us'] / 1000:10.2f}{f['start_wall_us_min'] / 1000:8.2f}{f['start_ratio']:9.2f}"
              f"{f['start_peak_kb'] * 1024 / 1e6:9.2f}{f['invoke_cpu_ns'] / 1000:14.1f}{f['invoke_cpu_ns_min'] / 1000:8.1f}"
              f"{f['invoke_ratio']:9.2f}{f['invoke_wall_ns'] / 1000:9.1f}{f.get('invoke_instructions', ''):>9}{f['threads']:8}  {f['version']}")


def main():
    folder, rounds, count = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    figures = figures_of(folder)
    goals = [{"goal": words, "is_met": bool(is_met(figures))} for words, is_met in GOALS]
    show(figures)
    for goal in goals:
        print(f"  {'met   ' if goal['is_met'] else 'MISSED'}  {goal['goal']}")
    all_met = all(goal["is_met"] for goal in goals)
    write("runtime", {
        "what": f"exec to the first GET /next, and {count} warm events of 300 bytes, program and server on one CPU; echo in each",
        "unit": "us (start), ns (an invocation), KiB (peak resident), user instructions; medians of rounds taken in turns",
        "rounds": rounds,
        "is_met": all_met,
        "goals": goals,
        "figures": figures,
    })
    sys.exit(0 if all_met else 1)


main()
