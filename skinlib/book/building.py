"""Build the book: Sphinx writes the pages that changed, and all of them where it has to.

Pages show titles, links and figure numbers of other pages. Where one of these changed, Sphinx
would leave the old one in the pages that did not change. It would also keep a removed page, and
give a warning only once. So where the `outline` changed or the last build failed, `build` removes
what was built before.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from skinlib.common import paths
from skinlib.common.files import hash_of

# Whatever is on every page.
COMMON = (
    "_config.yml", "requirements.lock", "book/_toc.yml", "book/references.bib", "book/_ext/*.py",
    "book/_static/**/*", "_build/browser/state.json",
)  # fmt: skip
# Headings, places that links lead to, and numbered figures and tables.
MARKS = re.compile(r"^#+ .+$|^\([\w-]+\)=$|\b(?:fig|tab|paper)-[a-z0-9-]+", re.MULTILINE)


def outline(root):
    """Return a hash of what other pages show of a page: titles, links and numbers, and `COMMON`."""
    common = sorted(path for each in COMMON for path in root.glob(each) if path.is_file())
    pages = sorted((root / "book").rglob("*.ipynb")) + sorted((root / "book").glob("*.md"))
    found = {str(path.relative_to(root)): MARKS.findall(_source(path)) for path in pages}
    return hash_of([found, [path.read_bytes().hex() for path in common]])


def _source(page):
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        return text
    return "\n".join(
        "".join(cell["source"]) + "\n" + json.dumps(cell["metadata"].get("mystnb", ""))
        for cell in json.loads(text)["cells"]
    )


def build(out, root=paths.ROOT):
    """Build the book into ``out/_build/html``; return Sphinx' exit code, not 0 after a warning."""
    made = [Path(out) / "_build" / name for name in ("html", ".doctrees")]
    stamp, current = Path(out) / "_build" / "outline", outline(root)
    known = stamp.read_text(encoding="utf-8") if stamp.is_file() else None
    if known != current or not all(folder.is_dir() for folder in made):
        _remove(made)
    # A build that is killed leaves no stamp, so the next one begins from nothing.
    stamp.unlink(missing_ok=True)
    program = Path(sys.executable).parent / "jupyter-book"
    command = [program, "build", "book", "--config", "_config.yml", "--path-output", str(out)]
    command += ["-n", "-W", "--keep-going", "--quiet"]
    code = subprocess.run(command, cwd=root, check=False).returncode
    if code:
        _remove(made)
    else:
        stamp.write_text(current, encoding="utf-8")
    return code


def _remove(folders):
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(build(sys.argv[1]))
