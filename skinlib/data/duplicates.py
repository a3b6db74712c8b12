"""Two ids with the same picture: a copied file is counted twice, and may leak into a test part.

Files are compared by the SHA-256 of their bytes. HAM10000 resized to 256 pixels has
such pairs itself (`skinlib.data.copies`), each of one lesion, so a copy is a warning; it becomes
an error where it joins parts of a split that are to be apart.
"""

import logging

import numpy as np

from skinlib.common.errors import IntegrityError

_log = logging.getLogger(__name__)


def groups(image_ids, digests):
    """Return the ids of files with the same bytes.

    Parameters
    ----------
    image_ids : sequence of str
        n ids.
    digests : numpy.ndarray
        SHA-256 of their files, shape (n, 32), uint8.

    Returns
    -------
    list of tuple of str
        One tuple of two ids or more for each file that is there more than once.
    """
    # The first eight bytes sort fast; equal ones are compared whole.
    short = np.ascontiguousarray(digests[:, :8]).view(np.uint64).ravel()
    order = np.argsort(short, kind="stable")
    again = np.zeros(len(order), bool)
    again[1:] = short[order[1:]] == short[order[:-1]]
    suspects = order[again | np.append(again[1:], False)]
    image_ids, found = np.asarray(image_ids), {}
    for row in sorted(suspects):
        found.setdefault(digests[row].tobytes(), []).append(str(image_ids[row]))
    return [tuple(ids) for ids in found.values() if len(ids) > 1]


def warn(image_ids, digests):
    """Log a warning that names the ids of files with the same bytes; return them."""
    found = groups(image_ids, digests)
    if found:
        _log.warning(
            "%d image files are there more than once, byte for byte: %s",
            len(found),
            _named(found),
        )
    return found


def refuse_across(split, found):
    """Refuse a split that has the same file in two parts.

    A split by image does that to photographs of one lesion anyhow and promises nothing
    about them; so copies of one lesion are refused in a split by lesion only.

    Parameters
    ----------
    split : skinlib.data.splits.Split
    found : list of tuple of str
        From `groups`.

    Raises
    ------
    IntegrityError
        Naming the ids and their parts.
    """
    ids = [name for group in found for name in group]
    table = split.table[split.table["image_id"].isin(ids)].set_index("image_id")
    part, lesion = table["part"].to_dict(), table["lesion_id"].to_dict()
    across = []
    for group in found:
        # An age policy may have dropped some.
        there = [name for name in group if name in part]
        lesions = {lesion[name] for name in there}
        if len({part[name] for name in there}) > 1 and (split.unit == "lesion" or len(lesions) > 1):
            across.append(tuple(f"{name} ({part[name]})" for name in there))
    if across:
        msg = (
            f"{len(across)} image files lie in more than one part of the split under different "
            f"ids: {_named(across)}; remove the copies and their rows, or give them one lesion_id"
        )
        raise IntegrityError(msg)


def _named(found, limit=5):
    more = "; …" if len(found) > limit else ""
    return "; ".join(" = ".join(group) for group in found[:limit]) + more
