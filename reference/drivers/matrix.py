"""Puts every implementation under the decoder vectors, and writes MATRIX.md and matrix.html.

    matrix.py SSE-WIRE WORK [NAME…]

SSE-WIRE is the command, WORK a folder in which `run` has installed the packages. With names only these implementations are
checked, and the others keep the reports that WORK has of them.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VECTORS = HERE / "../../test-vectors"
SHOWN = 160


def version(implementation):
    package = implementation.get("package", implementation["name"])
    if implementation["language"] == "JavaScript":
        return json.loads((HERE / "javascript/package.json").read_text())["dependencies"][package].rpartition("@")[2]
    if implementation["language"] == "Rust":
        return re.search(rf'^{package} = .*"=(.*?)"', (HERE / "rust/Cargo.toml").read_text(), re.M)[1]
    requirements = (HERE / "python/requirements.txt").read_text()
    return re.search(rf"^{re.escape(package)}==(.*)$", requirements, re.M)[1]


def command(implementation, work):
    package = implementation.get("package", implementation["name"])
    if implementation["language"] == "JavaScript":
        return ["node", work / "javascript/driver.mjs", package]
    if implementation["language"] == "Rust":
        return [work / "drivers", package]
    return [work / "python/bin/python", HERE / "python/driver.py", package]


def report(implementation, sse_wire, work, check):
    """The report of `sse-wire check`, whose failures are no failure of this script."""
    name = f'{implementation["language"]}-{implementation["name"]}-{implementation["version"]}'
    path = work / "reports" / f'{name.replace("/", "-")}.json'
    if check or not path.exists():
        print(f"{name} …", flush=True)
        program = implementation.get("command") or command(implementation, work)
        program = [str(word).replace("{sse-wire}", str(sse_wire)) for word in program]
        quick = ["--quick"] if implementation["way"] == "HTTP" else []
        checked = [sse_wire, "check", "--only", "decoder", "--time-limit", "20", "--json", *quick, "--", *program]
        output = subprocess.run(checked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        if not json.loads(output)["passed"]:
            raise SystemExit(f"{name}: no case has passed: does its driver start?")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(output)
    return json.loads(path.read_text())["cases"]


def is_failure(case):
    """What the standard does not decide is no failure."""
    return case["verdict"] == "failed" and case["level"] == "must" and (
        "reason" in case or any(difference["level"] == "must" for difference in case["differences"])
    )


def counts(cases):
    must = [case for case in cases if case["level"] == "must"]
    failed = sum(map(is_failure, cases))
    unsupported = sum(case["verdict"] == "unsupported" for case in must)
    return len(must) - failed - unsupported, failed, unsupported


def by_rule(cases):
    rules = {}
    for case in filter(is_failure, cases):
        rules[case["rule"]] = rules.get(case["rule"], 0) + 1
    return rules


def markdown(results):
    lines = [
        "# Decoders under the test vectors\n",
        "Written by `reference/drivers/run`; `matrix.html` in this folder shows each failure. Only what the standard decides "
        "(level `must`) is counted here. *Not shown* are cases whose point an implementation does not show, such as "
        "the reconnection time, or that it cannot be asked for. Decoders that take chunks get each stream in its own chunks, whole, "
        "byte by byte and cut at every place; those that only speak HTTP get it once, in its own chunks, over loopback. A program that gives "
        "no answer in 20 s fails.\n",
        "| | version | way | passed | failed | not shown | failed, by rule |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for implementation, cases in results:
        passed, failed, unsupported = counts(cases)
        rules = ", ".join(f"{rule} {count}" for rule, count in sorted(by_rule(cases).items()))
        name = f'{implementation["name"]} ({implementation["language"]})'
        cells = [name, implementation["version"], implementation["way"], passed, failed, unsupported, rules]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += ["\nWhat browsers make of the same cases is in [RESULTS.md](RESULTS.md).\n"]
    (VECTORS / "MATRIX.md").write_text("\n".join(lines))


def short(value):
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def page(results):
    suite = json.loads((VECTORS / "suite.json").read_text())
    cases, columns = {}, []
    for implementation, verdicts in results:
        failures, unsupported = {}, {}
        for case in verdicts:
            if is_failure(case):
                got = case.get("reason") or "; ".join(
                    f'{difference["member"]}: {short(difference["got"])}' for difference in case["differences"]
                )
                expected = "; ".join(f'{d["member"]}: {short(d["expected"])}' for d in case["differences"])
                cases[case["id"]] = [case["name"], case["section"], short(case["input"])]
                failures.setdefault(case["rule"], []).append([case["id"], case["sent"], expected, got])
            elif case["verdict"] == "unsupported" and case["level"] == "must":
                unsupported[case["rule"]] = unsupported.get(case["rule"], 0) + 1
        title = f'{implementation["name"]} {implementation["version"]}'
        columns.append({"title": title, "language": implementation["language"], "failures": failures, "unsupported": unsupported})
    totals = {}
    for case in results[0][1]:
        if case["level"] == "must":
            totals[case["rule"]] = totals.get(case["rule"], 0) + 1
    data = {"rules": {rule: [text, totals[rule]] for rule, text in suite["rules"].items() if rule in totals},
            "sections": suite["sections"], "cases": cases, "columns": columns}
    template = (HERE / "matrix.html").read_text()
    # No text of a vector may end the script.
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    (VECTORS / "matrix.html").write_text(template.replace("/* data */ null", text))


def main():
    sse_wire, work, *names = sys.argv[1:]
    implementations = json.loads((HERE / "implementations.json").read_text())
    results = []
    for implementation in implementations:
        implementation.setdefault("version", None)
        implementation["version"] = implementation["version"] or version(implementation)
        check = not names or implementation["name"] in names
        results.append((implementation, report(implementation, Path(sse_wire), Path(work), check)))
    markdown(results)
    page(results)


main()
