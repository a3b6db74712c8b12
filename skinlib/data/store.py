"""Images in one file, read by position: a damaged file is an error, never a crash or a zero.

A memory map would be shorter, but a file that shrinks under it kills the process with a
bus error, and its pages count as memory of the process.
"""

import io
import os
import weakref
import zlib
from pathlib import Path

import numpy as np

from skinlib.common.errors import IntegrityError
from skinlib.data.images import in_threads

# What is known of each image: CRC-32 of its row in the file, SHA-256 of the file it came from.
CHECK = np.dtype([("crc32", "<u4"), ("sha256", "u1", 32)])

BLOCK = 4 * 2**20  # bytes read at a time when checking


class Pixels:
    """Images of one size in an ``.npy`` file, read-only.

    Indexing reads: ``pixels[rows]`` takes a number, a slice or row numbers and gives a
    NumPy array of its own; ``numpy.asarray(pixels)`` reads them all. Threads and forked
    processes may share an object, and pickling one carries its path.

    Parameters
    ----------
    path : str or pathlib.Path
        The file as `header` and the images, row after row, make it.
    shape : tuple of int
        Expected shape, (n, size, size, 3).
    checks : numpy.ndarray, optional
        Shape (n,), of type `CHECK`.
    repaired : tuple of str
        Ids of the images that were damaged and have been decoded again.

    Raises
    ------
    IntegrityError
        If the file is not of this shape.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, path, shape, checks=None, repaired=()):
        self.path, self.shape = Path(path), tuple(shape)
        self.checks, self.repaired = checks, tuple(repaired)
        self._row_bytes = int(np.prod(self.shape[1:]))
        self._file = os.open(self.path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        expected = header(self.shape)
        self._start = len(expected)
        found = os.fstat(self._file).st_size
        if found != self._start + self.nbytes or os.pread(self._file, self._start, 0) != expected:
            msg = (
                f"'{self.path}' does not hold {self.shape} pixels: {found} bytes, "
                f"expected {self._start + self.nbytes}; delete its folder, it is made again"
            )
            raise IntegrityError(msg)

    def __len__(self):
        return self.shape[0]

    @property
    def nbytes(self):
        """Size of all images in bytes."""
        return len(self) * self._row_bytes

    def __reduce__(self):
        return Pixels, (self.path, self.shape, self.checks, self.repaired)

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            msg = "pixels lie in a file; an array of them is always a copy"
            raise ValueError(msg)
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, rows):
        if isinstance(rows, int | np.integer):
            return self.read([rows])[0]
        if isinstance(rows, slice):
            return self.read(np.arange(*rows.indices(len(self))))
        return self.read(rows)

    def read(self, rows):
        """Read images.

        Parameters
        ----------
        rows : array_like of int
            Shape (b,), in any order, from the end when negative.

        Returns
        -------
        numpy.ndarray
            Shape (b, size, size, 3), uint8.

        Raises
        ------
        IndexError
            If a row is out of range.
        IntegrityError
            If the file ends before the last row: it was cut since it was opened.
        """
        rows = np.asarray(rows, np.intp)
        rows = np.where(rows < 0, rows + len(self), rows)
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(self):
            msg = f"rows {rows.min()} to {rows.max()} asked for; '{self.path}' has {len(self)}"
            raise IndexError(msg)
        images = np.empty((len(rows), *self.shape[1:]), np.uint8)
        # In the order of the file; neighbours that stay neighbours are one read.
        order = np.argsort(rows, kind="stable")
        apart = (np.diff(rows[order]) != 1) | (np.diff(order) != 1)
        for run in np.split(order, np.flatnonzero(apart) + 1):
            if len(run):
                self._fill(images[run[0] : run[-1] + 1].reshape(-1), rows[run[0]])
        return images

    def _fill(self, buffer, row):
        """Fill a flat array from the start of a row on."""
        position, done = self._start + int(row) * self._row_bytes, 0
        while done < len(buffer):
            got = os.preadv(self._file, [buffer[done:]], position + done)
            if not got:
                msg = (
                    f"'{self.path}' ends at byte {position + done} of {self._start + self.nbytes}: "
                    "it was cut while in use; run the same command again, the cache is made anew"
                )
                raise IntegrityError(msg)
            done += got

    def wrong(self, rows=None):
        """Return the rows whose pixels do not have the CRC-32 they were written with.

        Parameters
        ----------
        rows : array_like of int, optional
            Which to look at; all, in blocks, by default.
        """
        rows = np.arange(len(self)) if rows is None else np.asarray(rows)
        step = max(1, BLOCK // self._row_bytes)
        blocks = (rows[start : start + step] for start in range(0, len(rows), step))
        found = [crc for part in in_threads(self._crc, blocks, ahead=8) for crc in part]
        return rows[np.array(found, np.uint32) != self.checks["crc32"][rows]]

    def _crc(self, rows):
        return [zlib.crc32(image) for image in self.read(rows)]

    def replace(self, row, image):
        """Write one image in place. Stopped half-way it fails its check, and is written again."""
        with self.path.open("rb+") as file:
            file.seek(self._start + int(row) * self._row_bytes)
            file.write(np.ascontiguousarray(image, np.uint8).data)
            file.flush()
            os.fsync(file.fileno())


def header(shape):
    """Return the bytes with which an ``.npy`` file of uint8 and this shape begins."""
    buffer = io.BytesIO()
    fields = {"descr": "|u1", "fortran_order": False, "shape": tuple(shape)}
    np.lib.format.write_array_header_1_0(buffer, fields)
    return buffer.getvalue()
