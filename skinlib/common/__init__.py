"""What every room uses: paths, errors, classes, files."""

NOT_A_DEVICE = "Research code for a paper companion. Not a medical device, not for diagnosis."
