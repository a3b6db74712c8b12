"""What holds under an honest protocol: effects measured on runs, with their uncertainty."""
