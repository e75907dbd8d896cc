"""search_query_report.py DIR PEOPLE: percentiles of what search_query.sh measured, to the screen and to build/report."""
import json
import os
import pathlib
import platform
import sys

GOAL_P99_MS = 5.0
WAYS = {"narae": "search_query", "seq_scan": "sequential scan", "pg_trgm": "pg_trgm"}


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    return f"{cpu or platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}"


def percentile(ordered, share):
    """The smallest sample that so many are not above: no interpolation, the worst of few stays itself."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def figures_of(samples):
    figures = []
    for way in WAYS:
        for length in "123":
            mine = [s for s in samples if s[1] == way and s[0][1:] == length]
            times, best = (sorted(int(s[column]) / 1000 for s in mine) for column in (2, 3))
            if times:
                figure = {"way": way, "characters": int(length), "n": len(times), "p50": round(percentile(times, 0.5), 3),
                          "p99": round(percentile(times, 0.99), 3), "max": round(times[-1], 3),
                          "p99_best_of_three": round(percentile(best, 0.99), 3)}
                if way == "narae":
                    figure |= {"goal_p99": GOAL_P99_MS, "is_met": figure["p99"] < GOAL_P99_MS}
                figures.append(figure)
    return figures


def main():
    folder, people = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    samples = [line.split("\t") for line in (folder / "samples").read_text().splitlines()]
    sizes = {name: int(size) for name, size in (line.split("|") for line in (folder / "sizes").read_text().splitlines())}
    figures = figures_of(samples)
    print(f"{'':17}{'characters':>11}{'queries':>9}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'best p99':>10}  goal")
    for f in figures:
        goal = f"p99 < {f['goal_p99']:.0f} {'met' if f['is_met'] else 'MISSED'}" if "goal_p99" in f else ""
        print(f"{WAYS[f['way']]:17}{f['characters']:11}{f['n']:9}{f['p50']:9.2f}{f['p99']:9.2f}{f['max']:9.2f}{f['p99_best_of_three']:10.2f}  {goal}")
    for name, size in sorted(sizes.items()):
        print(f"index {name}: {size / 1e6:.1f} MB")
    report = {"name": "search_query", "what": f"one search among {people} nicknames, from the event's bytes to the reply's "
              "(search_query), or the statement alone (the others); best of three: the same query asked again, which leaves out what "
              "else the machine did", "unit": "ms", "people": people, "machine": machine(),
              "goal": f"p99 under {GOAL_P99_MS} ms for 1, 2 and 3 characters", "figures": figures, "index_bytes": sizes}
    path = pathlib.Path("build/report/bench-search_query.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    sys.exit(0 if all(f.get("is_met", True) for f in figures) else 1)


if __name__ == "__main__":
    main()
