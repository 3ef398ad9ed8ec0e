"""Runs every implementation against the decoder and encoder vectors, and writes MATRIX.md and matrix.html.

    matrix.py SSE-WIRE WORK [NAME…]

SSE-WIRE is the command, and WORK the folder in which `run` has installed the packages. If names are given, only these
implementations are run; the others keep their reports in WORK. The environment variable UNNAMED may name a file like
implementations.json with encoders that are counted in unnamed.json without their names.
"""
import ast
import datetime
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from pages import markdown, page

HERE = Path(__file__).parent
VECTORS = HERE / "../../test-vectors"
BROWSERS = HERE / "../../tests/browsers/results.json"
UNNAMED = HERE / "unnamed.json"
# For each field and character in its value, the case that shows what an encoder does.
ENCODED = {
    ("id", "LF"): "enc-0061", ("id", "CR"): "enc-0062", ("id", "NUL"): "enc-0069",
    ("type", "LF"): "enc-0073", ("type", "CR"): "enc-0074", ("type", "NUL"): "enc-0089",
    ("comment", "LF"): "enc-0079", ("comment", "CR"): "enc-0080", ("comment", "NUL"): "enc-0090",
    ("data", "LF"): "enc-0025", ("data", "CR"): "enc-0026", ("data", "NUL"): "enc-0047",
}
CHARACTERS = {"LF": "\n", "CR": "\r", "NUL": "\0"}


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
    """Returns the report of `sse-wire check`. Failed cases do not fail this script."""
    name = f'{implementation["language"]}-{implementation["name"]}-{implementation["version"]}'
    path = work / "reports" / f'{name.replace("/", "-")}.json'
    if check or not path.exists():
        print(f"{name} …", flush=True)
        program = implementation.get("command") or command(implementation, work)
        program = [str(word).replace("{sse-wire}", str(sse_wire)) for word in program]
        quick = ["--quick"] if implementation.get("way") == "HTTP" else []
        checked = [sse_wire, "check", "--only", "decoder,encoder", "--time-limit", "120", "--json", *quick, "--", *program]
        output = subprocess.run(checked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        if not json.loads(output)["passed"]:
            raise SystemExit(f"{name}: no case has passed; check that its driver starts")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(output)
    return json.loads(path.read_text())["cases"]


def vectors():
    for path in sorted((VECTORS / "decoder").glob("*.json")):
        yield from json.loads(path.read_text("utf-8"))["cases"]


def browsers():
    """Yields the same for each browser, from the results of `tests/browsers/run`."""
    for engine in json.loads(BROWSERS.read_text()):
        failed, passed = {case["id"]: case for case in engine["failed"]}, set(engine["passed"])
        cases = []
        for vector in vectors():
            case = {"id": vector["id"], "name": vector["name"], **vector["tags"], "sent": "over HTTP"}
            if vector["id"] in failed:
                case |= {"verdict": "failed", **failed[vector["id"]]}
            else:
                case["verdict"] = "passed" if vector["id"] in passed else "unsupported"
            cases.append(case)
        yield {"name": engine["name"], "version": engine["version"], "language": "browser", "way": "browser"}, cases


def is_failure(case):
    """Returns whether a case failed that the standard decides."""
    return case["verdict"] == "failed" and case["level"] == "must" and (
        "reason" in case or any(difference["level"] == "must" for difference in case["differences"])
    )


def encoded(case, field, character):
    """Returns one word for what an encoder did with the character in the value of a field."""
    if case["verdict"] == "unsupported":
        return "–"
    if case["verdict"] == "passed":
        return "split" if field == "data" and character != "NUL" else "kept" if case["level"] == "must" else "refused"
    if "reason" in case:
        return "refused" if case["reason"].startswith("error:") else "crashed"
    before, after = case["input"][field].split(CHARACTERS[character])
    text = ast.literal_eval(f"b'{case['differences'][0]['got']}'").decode()
    lines = text.replace("\r", "\n").split("\n")
    if character == "NUL" and "\0" in text:
        return "kept"
    if after and after in lines:
        return "written"
    if field == "comment" and any(line in lines for line in (f":{after}", f": {after}")):
        return "split"
    return "removed" if any(before + after in line for line in lines) else "replaced"


def encoder(cases):
    """Returns what an encoder does with each character in each field."""
    by_id = {case["id"]: case for case in cases}
    return {where: encoded(by_id[case_id], *where) for where, case_id in ENCODED.items()}


def does(cases, kind):
    return any(case["id"].startswith(kind) and case["verdict"] != "unsupported" for case in cases)


def unnamed(sse_wire, work):
    """Returns counts for the encoders that are not named. If UNNAMED is set, counts again first."""
    if "UNNAMED" in os.environ:
        implementations = json.loads(Path(os.environ["UNNAMED"]).read_text())
        counts = {where: Counter() for where in ENCODED}
        for implementation in implementations:
            for where, word in encoder(report(implementation, sse_wire, work, True)).items():
                counts[where][word] += 1
        counted = {" ".join(where): dict(count.most_common()) for where, count in counts.items()}
        date = datetime.date.today().isoformat()
        UNNAMED.write_text(json.dumps({"encoders": len(implementations), "date": date, "counts": counted}, ensure_ascii=False, indent=1) + "\n")
    return json.loads(UNNAMED.read_text())


def main():
    sse_wire, work, *names = sys.argv[1:]
    sse_wire, work = Path(sse_wire), Path(work)
    implementations = json.loads((HERE / "implementations.json").read_text())
    results = []
    for implementation in implementations:
        implementation["version"] = implementation.get("version") or version(implementation)
        check = not names or implementation["name"] in names
        results.append((implementation, report(implementation, sse_wire, work, check)))
    results += browsers()
    for _, cases in results:
        for case in cases:
            case["failure"] = is_failure(case)
    decoders = [result for result in results if does(result[1], "dec")]
    encoders = [(*result, encoder(result[1])) for result in results if does(result[1], "enc")]
    for implementation, _, words in encoders:
        if "written" in words.values():
            raise SystemExit(f'{implementation["name"]}: writes a line break unchanged; move it to the list of unnamed encoders')
    tables = decoders, encoders, unnamed(sse_wire, work)
    suite = json.loads((VECTORS / "suite.json").read_text())
    (VECTORS / "MATRIX.md").write_text(markdown(suite, *tables))
    (VECTORS / "matrix.html").write_text(page(suite, *tables))


if __name__ == "__main__":
    main()
