"""What ends a run, told in one line."""


class Problem(Exception):
    """A part is missing or a run is void; the text is for people and names what to do."""


class Lost(Problem):
    """Entries are missing: the run has failed, whatever its figures say."""
