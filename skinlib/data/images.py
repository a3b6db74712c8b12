"""Open and decode image files, whole or not at all."""

import collections
import contextlib
import hashlib
import io
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageCms

from skinlib.common.errors import IntegrityError

# A photograph of a data set has well under 10 million pixels; more is a mistake or an attack.
MAX_PIXELS = 10_000_000
# One for a prediction may come straight from a telephone.
MAX_PHOTOGRAPH = 64_000_000

# What cameras and archives give. The rarer a format, the less its parser has been attacked.
FORMATS = ("JPEG", "PNG")
# First bytes of other formats, which messages name; no parser opens them.
OTHERS = {
    "GIF": rb"GIF8",
    "WebP": rb"RIFF.{4}WEBP",
    "HEIC": rb".{4}ftyp(hei|hev|mif1|msf1)",
    "AVIF": rb".{4}ftypavi",
    "TIFF": rb"II\*\0|MM\0\*",
    "BMP": rb"BM.{4}\0{4}",
    "DICOM": rb".{128}DICM",
}

# Exif 2.3, tag 0x0112: what makes the stored picture upright.
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Colour spaces of profiles, and Pillow's modes of them.
SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
# What lies behind transparent parts, as on a page.
BACKGROUND = "white"
# Written as version 2: for version 4 Little CMS would also move the black point, browsers do not.
_SRGB = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
_SRGB[8:10] = b"\x02\x40"

# Pillow warns above 89 million pixels; our limit is far below and an error.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Of EXIF nothing but the orientation is read, and that only where it can be.
warnings.filterwarnings("ignore", message="Corrupt EXIF data")


def open_image(file, name=None, limit=MAX_PIXELS):
    """Open an image file after checking its declared size; decodes nothing yet.

    `file` is a path or a binary file, `name` the one for messages when it comes from memory, and
    `limit` the largest number of pixels.

    Raises
    ------
    IntegrityError
        If the file is none of `FORMATS`, declares more pixels than `limit`, or is an animation.
    OSError
        If the system does not let it be read.
    """
    path = name or file
    try:
        image = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError as error:
        msg = f"'{path}' declares more pixels than the limit of {limit}; resize it first"
        raise IntegrityError(msg) from error
    except Exception as error:
        _raise_of_system(error)
        msg = f"'{path}' {_fault(file)}"
        raise IntegrityError(msg) from error
    if image.width * image.height > limit:
        image.close()
        msg = (
            f"'{path}' declares {image.width}x{image.height} pixels, more than the limit of "
            f"{limit}; resize it first"
        )
        raise IntegrityError(msg)
    # A telephone's JPEG may hold a preview beside the photograph; that is no animation.
    if image.format == "PNG" and getattr(image, "n_frames", 1) > 1:
        count = image.n_frames
        image.close()
        msg = f"'{path}' is an animation of {count} pictures; save one of them as JPEG or PNG"
        raise IntegrityError(msg)
    return image


def _raise_of_system(error):
    """Raise errors of the system again; damaged bytes show as any other error."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) is not None:
        raise error


def _fault(file):
    """Return what a file is that is none of `FORMATS`, and what to do about it."""
    path = isinstance(file, (str, Path))
    with open(file, "rb") if path else contextlib.nullcontext(file) as opened:
        opened.seek(0)
        start = opened.read(132)
    expected = " or ".join(FORMATS)
    if not start:
        return f"is empty, expected a {expected} image; fetch this file again"
    for kind, begins in OTHERS.items():
        if re.match(begins, start, re.DOTALL):
            return f"is a picture in the format {kind}; save it as {expected}"
    return f"is not a whole {expected} image; fetch this file again"


def decode(file, name=None, limit=MAX_PIXELS):
    """Decode one image file whole: opaque sRGB, upright by its EXIF rotation.

    Colours are converted by an embedded profile, and laid over `BACKGROUND` where they are
    transparent; ``info["note"]`` of the image says so. All others are as stored.
    Parameters and errors as of `open_image`; also an `IntegrityError` if the file is truncated.
    """
    with open_image(file, name, limit) as image:
        try:
            image.load()
            return _plain(_upright(image), image.info.get("icc_profile"))
        except Exception as error:
            _raise_of_system(error)
            msg = f"'{name or file}' does not decode whole ({error}); fetch this file again"
            raise IntegrityError(msg) from error


def _upright(image):
    try:
        turn = UPRIGHT.get(image.getexif().get(ORIENTATION))
    except Exception:
        # The pixels are whole, only the EXIF is damaged.
        return image
    return image if turn is None else image.transpose(turn)


def _plain(image, profile):
    # 16-bit greyscale would wrap when converted directly; scale it first.
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) / 257).astype(np.uint8))
    alpha = None
    if image.has_transparency_data:
        grey, image = image.mode in ("L", "LA", "1"), image.convert("RGBA")
        alpha, image = image.getchannel("A"), image.convert("L" if grey else "RGB")
    found, note = _in_srgb(image, profile) if profile else (image.convert("RGB"), "")
    if alpha and alpha.getextrema()[0] < 255:
        found.paste(BACKGROUND, mask=ImageChops.invert(alpha))
        note = "; ".join(filter(None, (note, f"transparent parts laid over {BACKGROUND}")))
    found.info = {"note": note}
    return found


def _in_srgb(image, content):
    """Convert an image by the bytes of its profile; return it in RGB, and what was done."""
    plain = image.convert("RGB")
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        mode = SPACES[profile.profile.xcolor_space.strip()]
        if {mode, image.mode} & {"L", "CMYK"} not in (set(), {image.mode}):
            return plain, "a colour profile of another kind of colours was left out"
        srgb = ImageCms.ImageCmsProfile(io.BytesIO(_SRGB))
        given = image if image.mode == mode else image.convert(mode)
        # Of inks Little CMS would interpolate a coarser table, made of that of the profile, and
        # most colours would come out brighter.
        flags = ImageCms.Flags.NOOPTIMIZE if mode == "CMYK" else ImageCms.Flags.NONE
        found = ImageCms.profileToProfile(given, profile, srgb, outputMode="RGB", flags=flags)
        name = ImageCms.getProfileDescription(profile).strip()[:80]
    except (ImageCms.PyCMSError, KeyError, OSError):
        return plain, "a damaged colour profile was left out"
    changed = image.mode == "CMYK" or ImageChops.difference(plain, found).getbbox()
    return found, f"colours converted from the profile '{name}' to sRGB" if changed else ""


def decode_and_hash(path):
    """Return an image as `decode` does and the SHA-256 of its file, which is read once."""
    content = Path(path).read_bytes()
    return decode(io.BytesIO(content), path), hashlib.sha256(content).hexdigest()


def in_threads(function, items, ahead=64):
    """Yield ``function(item)`` in order; at most `ahead` results wait, whatever the number."""
    pool = ThreadPoolExecutor()
    waiting = collections.deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # A caller that stops early does not wait for what is queued.
        pool.shutdown(cancel_futures=True)
