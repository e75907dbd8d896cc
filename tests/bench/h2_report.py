"""h2_report.py DIR REQUESTS RUNS GOAL: medians and ratio of what h2.sh measured, to the screen and to build/report."""
import pathlib
import statistics
import sys

from figures import write


def read(path):
    values = [float(line) for line in path.read_text().split()]
    return {"median": round(statistics.median(values), 2), "min": min(values), "max": max(values)}


def main():
    folder, requests, runs, goal = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    figures = []
    for server in ("nghttpd", "nghttpx"):
        ours, peer = read(folder / f"{server}.ours"), read(folder / f"{server}.h2load")
        ratio = round(ours["median"] / peer["median"], 2)
        figures.append({"server": server, "ours": ours, "h2load": peer, "ratio": ratio, "is_met": ratio <= goal})
        print(
            f"{server}: h2 {ours['median']:.2f} us ({ours['min']:.2f}-{ours['max']:.2f}), "
            f"h2load {peer['median']:.2f} us ({peer['min']:.2f}-{peer['max']:.2f}), ratio {ratio:.2f}, goal {goal}"
        )
    is_met = all(figure["is_met"] for figure in figures)
    report = {
        "what": f"CPU per request, whole process: {requests} POSTs of 350 bytes, 1 connection, 100 in flight, TLS",
        "unit": "us of CPU per request",
        "runs": runs,
        "goal": f"at most {goal} times h2load's, median of interleaved runs, on each server",
        "is_met": is_met,
        "figures": figures,
    }
    write("h2", report)
    sys.exit(0 if is_met else 1)


main()
