"""Which file is the image of which row: every id has one, and no image is left over."""

from skinlib.common.errors import DataError

# The official validation and test parts may lie below the same folder; their images have no
# row and are no training data. Any other extra is unexplained, hence worth a stop.
OTHER_PARTS = frozenset({"test", "validation", "ISIC2018_Task3_Test_Images"})


def match(image_ids, folder, listed_in, *, allow_missing=False):
    """Find the image of every row.

    Parameters
    ----------
    image_ids : sequence of str
        n ids, which are the names of the files without ``.jpg``.
    folder : pathlib.Path
        Searched with its sub-folders for ``ISIC_*.jpg``.
    listed_in : str
        Name of the file that the ids are from, for messages.
    allow_missing : bool
        Go on where some images are not there.

    Returns
    -------
    list of (pathlib.Path or None)
        n paths; None for an image that may be missing and is.

    Raises
    ------
    DataError
        If an id has no file, or a file no id, or two files one id; they are named.
    """
    found = {}
    for path in sorted(folder.rglob("ISIC_*.jpg")):
        if any(name.startswith(".") for name in path.relative_to(folder).parts):
            continue  # a folder that is being unpacked
        if path.stem in found:
            msg = f"image {path.stem} lies twice: '{found[path.stem]}' and '{path}'; remove one"
            raise DataError(msg)
        found[path.stem] = path
    missing = [name for name in image_ids if name not in found]
    if len(missing) == len(image_ids) or (missing and not allow_missing):
        msg = (
            f"{len(missing)} of {len(image_ids)} images named in {listed_in} are missing from "
            f"'{folder}': {_some(missing)}; add the files, or go on without them by "
            "--allow-missing, which the run then records"
        )
        raise DataError(msg)
    known = set(image_ids)
    extra = [
        name
        for name, path in found.items()
        if name not in known and OTHER_PARTS.isdisjoint(path.relative_to(folder).parts)
    ]
    if extra:
        msg = (
            f"{len(extra)} images in '{folder}' have no row in {listed_in}: {_some(extra)}; "
            "add their rows or move the files away"
        )
        raise DataError(msg)
    return [found.get(name) for name in image_ids]


def _some(names, limit=5):
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "")
