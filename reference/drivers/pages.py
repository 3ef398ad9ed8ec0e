"""Formats the results as MATRIX.md and matrix.html."""
import datetime
import json
from pathlib import Path

TEMPLATE = Path(__file__).parent / "matrix.html"
FIELDS = "id", "type", "comment", "data"
SHOWN = 160


def of(cases, kind):
    """Returns the cases of a kind that the standard decides."""
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
        "# Test results of decoders and encoders\n",
        f'Written by `reference/drivers/run` on {datetime.date.today()}, with version {suite["version"]} of the test vectors; `matrix.html` in '
        "this folder lists each failure. Only cases that the standard decides (level `must`) are counted. *Not shown* counts the cases whose "
        "result an implementation does not expose, such as the reconnection time, or whose input it does not accept. A program that does not "
        "answer within two minutes fails.\n",
        "## Decoders\n",
        "A decoder that takes chunks gets each stream in the chunks of its case, as one chunk, byte by byte, and cut in two at every position. "
        "A decoder that only takes HTTP gets it once, in the chunks of its case, over loopback; browsers also get it byte by byte "
        "(`tests/browsers/run`).\n",
        table(
            ("", "version", "way", "passed", "failed", "not shown", "failed, by rule"),
            (decoder_row(*decoder) for decoder in decoders),
        ),
        "## Encoders\n",
        "The standard does not define an encoder, so the counts cover the cases in which a decoder must read the values back. The other "
        "columns show what an encoder does with a line break (LF and CR) and with a NUL in a value: it is *refused* with an error; *removed*; "
        "*replaced* by other text; *split* into several lines of the field, which is right for data and harmless in a comment; *kept*, which "
        "is right for a NUL, except that decoders ignore an id with a NUL; or *written* unchanged, so that the rest of the value becomes a "
        "separate line. –: the encoder does not write this field.\n",
        table(
            ("", "version", "passed", "failed", "not shown", *(f"line break in {field}" for field in FIELDS), *(f"NUL in {field}" for field in FIELDS)),
            (encoder_row(*encoder) for encoder in encoders),
        ),
        f'{counted["encoders"]} more encoders in Rust, JavaScript, and Python write a line break unchanged in at least one field, and no '
        f'advisory for it has been published. They are counted without their names, and their drivers are not in this repository ({counted["date"]}):\n',
        table(("", *(f"in {field}" for field in FIELDS)), unnamed_rows(counted)),
    ]
    return "\n".join(parts)


def short(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def column(implementation, cases, shown):
    """Returns a column of the page, and adds the cases that failed to `shown`."""
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
    # Otherwise, a text with `</script>` would end the script.
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return TEMPLATE.read_text().replace("/* data */ null", text)
