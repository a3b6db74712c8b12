"""The files that make up a data set: where they are served, and what proves them."""

import dataclasses

PAGE = "https://doi.org/10.7910/DVN/DBW86T"


@dataclasses.dataclass(frozen=True)
class RemoteFile:
    """One file of a data set: a zip of images, or a table."""

    name: str
    url: str
    hash: str  # md5:... or sha256:..., as the archive publishes it
    bytes: int  # size, possibly rounded; for the disk space needed
    images: int = 0  # number of images in a zip


# File ids and MD5 sums were read in public repositories: erjonb19/clinical-drift-monitor,
# aniketmeena12/medxai and sit-start/core agree on the training set. The test set: the ids are from
# Avnish1505/cancer-fusion-ai, the sums from sit-start/core alone. Sizes are those of medxai, or
# bounds; numbers of images those of the dataset's page.
# Tables need ``format=original``: Dataverse otherwise serves its own tab-separated conversion,
# while the sum it publishes is that of the file as uploaded (IQSS/dataverse#9501).
_FILE = "https://dataverse.harvard.edu/api/access/datafile/"
DATASETS = {
    "ham10000": (
        RemoteFile("HAM10000_metadata.csv", _FILE + "4338392?format=original",
                   "md5:8f85fb1aa29d80a2797247e434deb79d", 690_218),
        RemoteFile("HAM10000_images_part_1.zip", _FILE + "3172585",
                   "md5:4639bfa73ab251610530a97c898e6e46", 1_366_522_108, 5_000),
        RemoteFile("HAM10000_images_part_2.zip", _FILE + "3172584",
                   "md5:da43d6cc50f6613013be07e8986b384b", 1_403_566_547, 5_015),
    ),
    "isic2018-test": (
        RemoteFile("ISIC2018_Task3_Test_GroundTruth.csv", _FILE + "6924466?format=original",
                   "md5:2b5663aacc9644740f27e355cf7f369a", 1_000_000),
        RemoteFile("ISIC2018_Task3_Test_Images.zip", _FILE + "3855824",
                   "md5:0488b6f65849e310857d9207daa55a21", 421_000_000, 1_511),
    ),
}  # fmt: skip
