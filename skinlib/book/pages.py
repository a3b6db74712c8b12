"""The pages with numbers: those that are out of date are executed, several at a time.

A page is a notebook of the table of contents. It is out of date where its notebook, the library or
the results that it reads are newer. What it reads is in its metadata:
``skinlib: {reads: [pattern, ...]}``.
"""

import functools
import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from skinlib.book import notebooks
from skinlib.common import paths
from skinlib.common.errors import SkinlibError

OF_THE_LIBRARY = ("skinlib/**/*.py", "skinlib/paper/*.yaml")
RESULTS = ("results/**/*.json", "results/**/*.csv")


def named():
    """Return the names of the notebooks in the table of contents."""
    contents = (paths.BOOK / "_toc.yml").read_text(encoding="utf-8")
    names = re.findall(r"(?:file|root): ([a-z0-9-]+)\s", contents)
    known = notebooks.available()
    return [name for name in names if name in known]


def page(name):
    """Return where the executed notebook lies."""
    return paths.BOOK / f"{name}.ipynb"


def sources(name):
    """Return the files that a page is made from."""
    notebook = notebooks.source(name)
    metadata = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]
    patterns = (*OF_THE_LIBRARY, *metadata.get("skinlib", {}).get("reads", RESULTS))
    return [notebook, *(path for each in patterns for path in _files(each))]


@functools.cache
def _files(pattern):
    return [path for path in sorted(paths.ROOT.glob(pattern)) if path.is_file()]


def out_of_date(name):
    """Tell whether a page is missing, or older than one of its `sources`."""
    made = page(name)
    if not made.is_file():
        return True
    return made.stat().st_mtime < max(path.stat().st_mtime for path in sources(name))


def make(names, workers):
    """Execute pages, as many at a time as there are workers; return the errors by name.

    Of a page that fails nothing is left, except for the copy that its error names.
    """

    def execute(name):
        made = Path(os.path.relpath(page(name)))
        made.unlink(missing_ok=True)
        notebooks.execute(name, made)

    failed = {}
    with ThreadPoolExecutor(workers) as pool:
        jobs = {pool.submit(execute, name): name for name in names}
        for job in tqdm(as_completed(jobs), "pages", len(jobs), file=sys.stdout, disable=None):
            try:
                job.result()
            except SkinlibError as error:
                failed[jobs[job]] = error
    return failed
