#!/usr/bin/env python3
"""Makes docs/for-plugin-authors/reference.md from the comments of the SDK's C pages, so that the header stays the only truth.

    scripts/sdk_reference.py             writes the page
    scripts/sdk_reference.py --check     exit 1 when the page is not what the header says
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADERS = ROOT / "sdk/include/relance"
OUT = ROOT / "docs/for-plugin-authors/reference.md"
PAGES = ("plugin.h", "abi/basics.h", "abi/driver.h", "abi/message.h", "abi/outcome.h", "abi/inbound.h", "abi/webhook.h", "abi/host.h",
         "http.h", "evidence.h")
INTRO = """# Reference of the C interface

Made from `sdk/include/relance` by `scripts/sdk_reference.py`; a test keeps it current. The C++ face (`channel.hpp` and the headers
that it includes) wraps the same things under the same words.
"""


def words(comment):
    """A C comment as running text."""
    text = re.sub(r"^/\*|\*/$", "", comment.strip())
    return re.sub(r"\s+", " ", re.sub(r"\n\s*\* ?", "\n", text)).strip()


def cell(text):
    return text.replace("|", "\\|")


def rules(comment):
    """The head of plugin.h: paragraphs, and the rules R1 to R7 as a list."""
    text = re.sub(r"^/\* ?|\s*\*/$", "", comment.strip())
    text = re.sub(r"\n \*(?: |(?=\n)|$)", "\n", text)
    out = []
    for line in text.split("\n"):
        begin = re.match(r"(R\d \w+\.)\s+(.*)", line)
        if begin:
            out.append(f"- **{begin[1]}** {begin[2]}")
        elif line.startswith("      ") and out and out[-1]:
            out[-1] += " " + line.strip()
        else:
            out.append(line.strip())
    return "\n".join(out)


def statements(body):
    """(code, comment) of what a struct's braces hold: a comment before a field, or behind it on its line, is the field's."""
    before, found = "", []
    for token in re.finditer(r"/\*.*?\*/|\n|[^;/\n]+|;|/", body, re.S):
        text = token[0]
        if text.startswith("/*"):
            if found and found[-1]["ended"] and not found[-1]["line_over"]:
                found[-1]["comment"] = (found[-1]["comment"] + " " + words(text)).strip()
            elif found and not found[-1]["ended"] and found[-1]["code"].strip():
                found[-1]["comment"] = (found[-1]["comment"] + " " + words(text)).strip()
            else:
                before = (before + " " + words(text)).strip()
        elif text == "\n":
            if found:
                found[-1]["line_over"] = True
        elif text == ";":
            found[-1]["ended"], found[-1]["line_over"] = True, False
        elif text.strip():
            if not found or found[-1]["ended"]:
                found.append({"code": "", "comment": before, "ended": False, "line_over": False})
                before = ""
            found[-1]["code"] += text + " "
    return [(re.sub(r"\s+", " ", item["code"]).strip(), item["comment"]) for item in found if item["code"].strip()]


def struct_lines(name, note, body):
    out = [f"### `{name}`", ""]
    if note:
        out += [note[0].upper() + note[1:] + ".", ""] if not note.endswith(".") else [note[0].upper() + note[1:], ""]
    rows = [(code, comment) for code, comment in statements(body) if not re.fullmatch(r"uint32_t size(, zero)?|uint32_t zero", code)]
    if rows:
        out += ["| field | |", "|---|---|"] + [f"| `{cell(code)}` | {cell(comment)} |" for code, comment in rows] + [""]
    return out


ITEM = re.compile(r"""
    (?P<comment>/\*.*?\*/)
  | ^\#define[ ]+(?P<define>RELANCE_[A-Z0-9_]+(?:\([^)]*\))?)[ ]+(?P<value>[^\n/]+?)[ ]*(?P<define_note>/\*.*?\*/)?[ ]*$
  | ^(?:typedef[ ])?struct[ ](?P<struct>\w+)[ ]\{[ ]*(?P<struct_note>/\*[^\n]*?\*/)?(?P<body>.*?)^\}[^;\n]*;
  | ^typedef[ ](?P<typedef>[^{;]+);[ ]*(?P<typedef_note>/\*[^\n]*?\*/)?
  | ^RELANCE_EXPORT[ ](?P<function>[^;]+);
""", re.S | re.M | re.X)
HIDDEN = re.compile(r"RELANCE_(C_BEGIN|C_END|EXPORT|\w+_H)$")


def page_lines(path):
    text = (HEADERS / path).read_text()
    head, rest = re.match(r"(/\*.*?\*/)(.*)", text, re.S).groups()
    first = words(head).partition(" - ")[2]
    out = [f"## `<relance/{path}>`", ""]
    if path == "plugin.h":
        out += [rules(head.replace("relance/plugin.h - ", "")), ""]
    else:
        out += [first[0].upper() + first[1:], ""]
    table, note = [], ""

    def flush():
        if table:
            out.extend(["| constant | value | |", "|---|---|---|", *table, ""])
            table.clear()

    for item in ITEM.finditer(rest):
        if item["comment"]:
            note = words(item["comment"])
        elif item["define"]:
            if not HIDDEN.match(item["define"]):
                said = words(item["define_note"] or "")
                table.append(f"| `{item['define']}` | `{cell(item['value'].strip())}` | {cell(said or note)} |")
            note = ""
        else:
            flush()
            if item["struct"]:
                said = " ".join(filter(None, (note, words(item["struct_note"] or ""))))
                out.extend(struct_lines(item["struct"], said, item["body"]))
            elif item["typedef"] and "relance_needs_lp64" not in item["typedef"]:
                out.extend([f"- `typedef {item['typedef']}`: {words(item['typedef_note'] or '') or note}".rstrip(": "), ""])
            elif item["function"]:
                out.extend(["### `" + " ".join(item["function"].split()) + "`", "", note, ""])
            note = ""
    flush()
    return out


def made():
    lines = [INTRO]
    for page in PAGES:
        lines += page_lines(page)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def main():
    if sys.argv[1:] == ["--check"]:
        if OUT.exists() and OUT.read_text() == made():
            return 0
        print(f"{OUT.relative_to(ROOT)} is not what the header says: run scripts/sdk_reference.py")
        return 1
    if sys.argv[1:]:
        print(__doc__)
        return 2
    OUT.write_text(made())
    return 0


if __name__ == "__main__":
    sys.exit(main())
