"""What the book's page needs to ask the released model in a browser; see `building`."""
