#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The style rules that a machine can judge, as a test. Prints FILE:LINE: RULE for each breach.

CONTRIBUTING.md says what the rules are for. A rule that is wrong for a good reason in one
place is changed here, with the reason, not worked around there."""

import pathlib
import re
import subprocess
import sys

FOLDERS = ["base", "pkt", "wire", "link", "net", "transport", "tcp", "netlink", "sock", "unix",
           "stack", "dns", "world", "run", "cli"]
CORE = FOLDERS[:-2]  # everything below run/: no clock, no chance, no I/O
# These use the stack only through include/berth, which proves that the public API is enough.
PUBLIC_ONLY = {"world": ("world", "dns", "base"), "run": ("run", "base"),
               "cli": ("cli", "run", "base")}
LINE_MAX = 100
HEAD_COMMENT_FROM = 150
FILE_MAX = 1500
SOURCES = {".c", ".h", ".py", ".sh", ".build", ".js", ".go", ".java"}

# What a sans-I/O library may not call: clocks, chance, files, the environment, other sockets.
BANNED = re.compile(
    r"(?<![\w.>])(clock_gettime|gettimeofday|time|nanosleep|usleep|sleep|rand|srand|random|"
    r"getrandom|arc4random\w*|printf|fprintf|vprintf|vfprintf|dprintf|puts|putchar|perror|"
    r"getenv|secure_getenv|setenv|open|openat|fopen|creat|read|write|ioctl|fcntl|socket|"
    r"sendto|recvfrom|sendmsg|recvmsg|epoll_\w+|select|poll|syscall|mmap|fork|execve|"
    r"pthread_\w+|signal|sigaction|exit|getpid|strerror|strtok|alloca|gets|strcpy|strcat|"
    r"sprintf|vsprintf)\s*\(")
MUTABLE = re.compile(r"^(?:static\s+)?(?!const\b|static\s+const\b|typedef\b|extern\b|return\b|"
                     r"struct\s+\w+\s*[{;]|enum\b|union\b|else\b|goto\b)"
                     r"[A-Za-z_][\w\s*]*?[\s*](\w+)(\[[^]]*\])*\s*(=.*|;)\s*$")
LOCAL_STATIC = re.compile(r"^\s+static\s+(?!const\b|inline\b)")
UNFINISHED = re.compile("TO" + "DO|FIX" + r"ME|\bXX" + r"X\b")


class Judge:
    def __init__(self):
        self.breaches = []

    def say(self, path, line, rule):
        self.breaches.append(f"{path}:{line}: {rule}")


def tracked_files():
    """The files of the project, from git where there is a repository, else from the disk."""
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                              "--exclude-standard"], capture_output=True, check=False)
    if listing.returncode == 0 and listing.stdout:
        names = dict.fromkeys(listing.stdout.decode().split("\0"))  # unmerged: thrice
        return [pathlib.Path(n) for n in names if n and pathlib.Path(n).is_file()]
    return [p for p in pathlib.Path(".").rglob("*") if p.is_file()
            and not any(part.startswith(("build", ".")) for part in p.parts)]


def without_comments(text):
    """The same text with comments and literals blanked, its line breaks kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        body = match.group(0)
        if body.startswith('"'):
            return '"' + " " * (len(body) - 2) + '"'
        return re.sub(r"[^\n]", " ", body)

    return pattern.sub(blank, text)


def check_text(judge, path, lines):
    head = lines[:2] if lines and lines[0].startswith("#!") else lines[:1]
    if not any("SPDX-License-Identifier: MIT" in line for line in head):
        judge.say(path, 1, "the first line names no licence (SPDX)")
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > LINE_MAX:
            judge.say(path, number, f"longer than {LINE_MAX} columns")
        if line != line.rstrip():
            judge.say(path, number, "space at the end of the line")
        if UNFINISHED.search(line):
            judge.say(path, number, "a mark of unfinished work")


def check_includes(judge, path, lines):
    """Own header first; nothing from a folder that stands later in FOLDERS."""
    folder = path.parts[1] if path.parts[0] == "src" else None
    included = [(number, match.group(1))
                for number, line in enumerate(lines, 1)
                if (match := re.match(r'#include\s+"([^"]+)"', line))]
    if path.suffix == ".c" and folder:
        own = f"{folder}/{path.stem}.h"
        if pathlib.Path("src", own).exists() and included and included[0][1] != own:
            judge.say(path, included[0][0], f"does not include {own} first")
    if path.parts[0] == "include":
        for number, name in included:
            if name.split("/")[0] in FOLDERS:
                judge.say(path, number, f"a public header includes {name}")
    if folder not in FOLDERS:
        return
    rank = FOLDERS.index(folder)
    for number, name in included:
        other = name.split("/")[0]
        if other not in FOLDERS:
            continue
        if FOLDERS.index(other) > rank:
            judge.say(path, number, f"{folder} includes upward: {name}")
        if folder in PUBLIC_ONLY and other not in PUBLIC_ONLY[folder]:
            judge.say(path, number, f"{folder} knows the stack only through include/berth: {name}")


def check_core(judge, path, lines):
    """No clock, chance, I/O or mutable data below run/."""
    depth = 0
    for number, line in enumerate(lines, 1):
        if not line.startswith("#"):
            for match in BANNED.finditer(line):
                judge.say(path, number, f"calls {match.group(1)}() below run/")
            if path.suffix == ".c" and depth == 0 and "(" not in line.split("=")[0]:
                match = MUTABLE.match(line)
                if match and not re.search(r"\bconst\b", line.split("=")[0]):
                    judge.say(path, number, f"mutable file-scope data: {match.group(1)}")
            if depth > 0 and LOCAL_STATIC.match(line):
                judge.say(path, number, "mutable function-static data")
        depth += line.count("{") - line.count("}")


def check_source(judge, path, text):
    lines = text.splitlines()
    if path.suffix == ".c" and len(lines) > HEAD_COMMENT_FROM:
        start = next((n for n, line in enumerate(lines) if n > 0 and line.strip()), 1)
        block = text.split("*/")[1].strip() if "*/" in text else ""
        enough = 4 if path.parts[0] == "src" else 3  # a test has less theory
        if not lines[start].startswith("/*") or len(block.splitlines()) < enough:
            judge.say(path, 2, "a long file that does not open by explaining itself")
    if len(lines) > FILE_MAX:
        judge.say(path, len(lines), f"more than {FILE_MAX} lines: more than one noun")
    code = without_comments(text).splitlines()
    check_includes(judge, path, lines)
    if path.suffix == ".h" and path.parts[0] in ("src", "include"):
        check_prototypes(judge, path, lines)
    if path.parts[0] == "src" and path.parts[1] in CORE:
        check_core(judge, path, code)
    for number, line in enumerate(lines, 1):
        if path.suffix == ".c" and re.match(r'#include\s+"[^"]+\.c"', line):
            judge.say(path, number, "includes a source file")


def check_prototypes(judge, path, lines):
    """A prototype in a header stands behind a comment, or in the group (no blank line) of one."""
    documented = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            documented = False
        elif line.rstrip().endswith("*/"):
            documented = True
        elif re.match(r"(?!static|typedef|struct \w+ \{|STATIC_ASSERT)[A-Za-z][^={]*\w\(", line):
            if not documented:
                judge.say(path, number, "a prototype that nothing is said about")


def check_basenames(judge, files):
    seen = {}
    for path in files:
        if path.suffix not in (".c", ".h") or path.parts[0] != "src":
            continue
        if path.name in seen:
            judge.say(path, 1, f"has the name of {seen[path.name]}")
        seen[path.name] = path


def check_readme(judge):
    """Every file and make target that README.md's commands name is there."""
    path = pathlib.Path("README.md")
    if not path.exists():
        judge.say(path, 1, "is missing")
        return
    makefile = pathlib.Path("Makefile").read_text(encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        for target in re.findall(r"(?:^|`|\$ )make ([a-z-]+)", line):
            if not re.search(rf"^{target}:", makefile, re.M):
                judge.say(path, number, f"names make {target}, which Makefile lacks")
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", line):
            if not pathlib.Path(link).exists():
                judge.say(path, number, f"links to {link}, which is not there")


def check_seed(judge):
    """Every file that docs/seed.md names is there, and has the test named behind a colon."""
    path = pathlib.Path("docs/seed.md")
    named = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("| ") and not line.startswith("| the lecture") \
                and "tests/" not in line:
            judge.say(path, number, "a statement without a test")
        for name, test in re.findall(r"`((?:src|tests|examples|docs)/[\w./]+)(?::(\w+))?`", line):
            named += 1
            if not pathlib.Path(name).exists():
                judge.say(path, number, f"names {name}, which is not there")
            elif test and not re.search(rf"\b{test}\b",
                                        pathlib.Path(name).read_text(encoding="utf-8")):
                judge.say(path, number, f"names {test}, which {name} lacks")
    if named < 50:
        judge.say(path, 1, "names hardly anything")


def rfcs_of(text):
    """The numbers of the RFCs that a text names, those of lists ("RFC 3168, 5681") too."""
    text = re.sub(r"\n[ \t]*(?:\*|//)?[ \t]*", " ", text)  # a comment may break behind RFC
    found = set()
    for match in re.finditer(r"\bRFCs? (\d{3,4}(?:(?:, | and |, and )\d{3,4}\b(?! [a-z]))*)", text):
        found.update(re.findall(r"\d+", match.group(1)))
    return found


def check_conformance(judge, files):
    """docs/conformance.md has every RFC that the source names, and every file with a deviation;
    the files that it names are there."""
    path = pathlib.Path("docs/conformance.md")
    text = path.read_text(encoding="utf-8")
    subjects = "".join(re.findall(r"^\|[^|]*", text, re.M))
    known = rfcs_of(text) | set(re.findall(r"(?<![.\d§])\d{3,4}\b", subjects))
    for source in files:
        if source.suffix not in (".c", ".h") or source.parts[0] not in ("src", "include"):
            continue
        code = source.read_text(encoding="utf-8")
        for number in sorted(rfcs_of(code) - known):
            judge.say(source, 1, f"names RFC {number}, which {path} lacks")
        if "Deviation:" in code and f"`{'/'.join(source.parts[1:])}`" not in text:
            judge.say(source, 1, f"has a deviation that {path} does not list")
    for number, line in enumerate(text.splitlines(), 1):
        for name in re.findall(r"`((?:%s|tests)/[\w./*]*)`" % "|".join(FOLDERS), line):
            root = pathlib.Path("." if name.startswith("tests/") else "src")
            if not any(root.glob(name.rstrip("/"))):
                judge.say(path, number, f"names {name}, which is not there")


def check_prose(judge, path, lines):
    """Prose is wrapped as the source is; tables and listings are as wide as they are."""
    listing = False
    for number, line in enumerate(lines, 1):
        listing ^= line.startswith("```")
        if not listing and not line.startswith("|") and len(line) > LINE_MAX:
            judge.say(path, number, f"longer than {LINE_MAX} columns")


def main():
    judge = Judge()
    files = tracked_files()
    for path in files:
        if path.suffix not in SOURCES | {".md"} and path.name != "Makefile":
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".md":
            check_prose(judge, path, text.splitlines())
            continue
        if path.name == "meson.build" and len(path.parts) > 2:
            continue  # lists of files
        check_text(judge, path, text.splitlines())
        if path.suffix in (".c", ".h"):
            check_source(judge, path, text)
    check_basenames(judge, files)
    check_readme(judge)
    check_seed(judge)
    check_conformance(judge, files)
    for breach in judge.breaches:
        print(breach)
    print(f"{len(files)} files, {len(judge.breaches)} breaches")
    return 1 if judge.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
