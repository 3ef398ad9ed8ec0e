"""The results of the matrix as MATRIX.md and matrix.html."""
import datetime
import json
from pathlib import Path

TEMPLATE = Path(__file__).parent / "matrix.html"
FIELDS = "id", "type", "comment", "data"
SHOWN = 160


def of(cases, kind):
    """The cases of a kind that the standard decides."""
    return [case for case in cases if case["id"].startswith(kind) and case["level"] == "must"]


def counts(cases):
    failed = sum(case["failure"] for case in cases)
    unsupported = sum(case["verdict"] == "unsupported" for case in cases)
    return len(cases) - failed - unsupported, failed, unsupported


def by_rule(cases):
    rules = {}
    for case in cases:
        rules.setdefault(case["rule"], []).append(case)
    return rules


def name_of(implementation):
    return f'{implementation["name"]} ({implementation["language"]})'


def table(head, rows):
    return "".join(f"| {' | '.join(map(str, cells))} |\n" for cells in (head, ["---"] * len(head), *rows))


def decoder_row(implementation, cases):
    cases = of(cases, "dec")
    failed = ((rule, counts(some)[1]) for rule, some in sorted(by_rule(cases).items()))
    rules = ", ".join(f"{rule} {count}" for rule, count in failed if count)
    return name_of(implementation), implementation["version"], implementation["way"], *counts(cases), rules


def line_breaks(words, field):
    lf, cr = words[field, "LF"], words[field, "CR"]
    return lf if lf == cr else f"LF {lf}, CR {cr}"


def encoder_row(implementation, cases, words):
    done = (line_breaks(words, field) for field in FIELDS)
    nul = (words[field, "NUL"] for field in FIELDS)
    return name_of(implementation), implementation["version"], *counts(of(cases, "enc")), *done, *nul


def unnamed_rows(counted):
    for character in ("LF", "CR", "NUL"):
        cells = (counted["counts"][f"{field} {character}"] for field in FIELDS)
        yield character, *(", ".join(f"{word} {count}" for word, count in cell.items()) for cell in cells)


def markdown(suite, decoders, encoders, counted):
    parts = [
        "# Decoders and encoders under the test vectors\n",
        f'Written by `reference/drivers/run` on {datetime.date.today()}, with version {suite["version"]} of the suite; `matrix.html` in '
        "this folder shows each failure. Only what the standard decides (level `must`) is counted. *Not shown* are cases whose point an "
        "implementation does not show, such as the reconnection time, or that it cannot be asked for. A program that gives no answer in "
        "two minutes fails.\n",
        "## Decoders\n",
        "Those that take chunks get each stream in its own chunks, whole, byte by byte and cut at every place. Those that only speak HTTP get "
        "it once, in its own chunks, over loopback, and browsers byte by byte too (`tests/browsers/run`).\n",
        table(
            ("", "version", "way", "passed", "failed", "not shown", "failed, by rule"),
            (decoder_row(*decoder) for decoder in decoders),
        ),
        "## Encoders\n",
        "The standard has no encoder: the counts are of the cases in which a decoder must read the values back. The other columns are what "
        "becomes of a line break (LF and CR) and of a NUL in a value: *refused* with an error; *removed*; *replaced* by other "
        "text; *split* into several lines of the field, which is right for data and harmless in a comment; *kept*, which is right for a "
        "NUL, save that a decoder ignores an id with one; *written* as it is, so that the rest of the value is a line of its own. –: an encoder does not write this field.\n",
        table(
            ("", "version", "passed", "failed", "not shown", *(f"line break in {field}" for field in FIELDS), *(f"NUL in {field}" for field in FIELDS)),
            (encoder_row(*encoder) for encoder in encoders),
        ),
        f'{counted["encoders"]} more encoders of Rust, JavaScript and Python, whose drivers are not in this repository, write a line break as '
        f'it is in one field at least, with no advisory published of it. They are not named, but counted ({counted["date"]}):\n',
        table(("", *(f"in {field}" for field in FIELDS)), unnamed_rows(counted)),
    ]
    return "\n".join(parts)


def short(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def column(implementation, cases, shown):
    """A column of the page; `shown` takes the cases that failed."""
    failures, unsupported = {}, {}
    for case in cases:
        if case["failure"]:
            differences = case["differences"]
            expected = "; ".join(f'{difference["member"]}: {short(difference["expected"])}' for difference in differences)
            got = "; ".join(f'{difference["member"]}: {short(difference["got"])}' for difference in differences)
            shown.setdefault(case["id"], [case["name"], case["section"], short(case["input"])])
            failure = [case["id"], case["sent"], expected, case.get("reason") or got, case.get("note", "")]
            failures.setdefault(case["rule"], []).append(failure)
        elif case["verdict"] == "unsupported":
            unsupported[case["rule"]] = unsupported.get(case["rule"], 0) + 1
    title = f'{implementation["name"]} {implementation["version"]}'
    return {"title": title, "language": implementation["language"], "failures": failures, "unsupported": unsupported}


def page(suite, decoders, encoders, counted):
    shown, tables = {}, []
    for title, kind, results in ("Decoders", "dec", decoders), ("Encoders", "enc", encoders):
        columns = [column(result[0], of(result[1], kind), shown) for result in results]
        cases = by_rule(of(results[0][1], kind))
        rules = {rule: [text, len(cases[rule])] for rule, text in suite["rules"].items() if rule in cases}
        tables.append({"title": title, "rules": rules, "columns": columns, "words": []})
    for field, character in encoders[0][2]:
        tables[1]["words"].append([f"{character} in {field}", [words[field, character] for _, _, words in encoders]])
    data = {"sections": suite["sections"], "cases": shown, "tables": tables}
    # No text of a vector may end the script.
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return TEMPLATE.read_text().replace("/* data */ null", text)
