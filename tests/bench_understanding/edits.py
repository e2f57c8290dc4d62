"""Edit distances (Levenshtein 1966), the measure of characters and of words that were read or heard wrongly."""


def distance(truth, found):
    """Least number of insertions, deletions and replacements between two sequences."""
    row = list(range(len(found) + 1))
    for i, wanted in enumerate(truth):
        diagonal, row[0] = row[0], i + 1
        for j, given in enumerate(found):
            replaced = diagonal + (wanted != given)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
    return row[-1]


class Rate:
    """Edits over all of a set, by what its truth holds; above 1 when more was invented than there is."""

    def __init__(self):
        self.edits = self.length = 0

    def add(self, truth, found):
        self.edits += distance(truth, found)
        self.length += len(truth)

    @property
    def value(self):
        return self.edits / max(1, self.length)
