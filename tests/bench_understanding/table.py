"""The one table that all sections print into."""

NAME, CELL = 34, 13


class Table:
    def head(self, title, columns):
        print(f"\n{title}\n  {'':<{NAME}}" + "".join(f"{column:>{CELL}}" for column in columns), flush=True)

    def row(self, name, cells):
        print(f"  {name:<{NAME}}" + "".join(f"{cell:>{CELL}}" for cell in cells), flush=True)

    def note(self, text):
        print(f"  {text}", flush=True)
