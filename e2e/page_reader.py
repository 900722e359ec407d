"""Runs the lines of docs/reading.md for one tool on one root, and prints what they found as one line of JSON. For `readers`, which
knows what must come of it; in a venv that has the tool.
"""

import base64
import json
import os
import pathlib
import re
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "reading.md"
SECTIONS = {"duckdb": "DuckDB", "pyarrow": "pyarrow", "polars": "Polars", "spark": "Spark"}


def blocks(tool, language, root):
    section = re.search(rf"^## {SECTIONS[tool]}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.S | re.M)
    found = re.findall(rf"```{language}\n(.*?)```", section.group(1), re.S)
    return [block.replace("data/files", root) for block in found]


def table_of(block, **names):
    exec(block, names)
    return names["table"]


def duckdb(root):
    import duckdb

    def plain(value):
        return base64.b64encode(value).decode() if isinstance(value, (bytes, bytearray)) else value

    return [[[plain(value) for value in row] for row in duckdb.sql(block).fetchall()] for block in blocks("duckdb", "sql", root)]


def pyarrow(root):
    found = [[], {}]
    wanted = int(os.environ["ONLY"])
    for number, block in enumerate(blocks("pyarrow", "python", root)):
        if number == wanted:
            rows = table_of(block).to_pylist()
            found[number] = [row["request_id"] for row in rows] if number == 0 else bodies(rows)
    return found


def polars(root):
    return [table_of(block)["request_id"].to_list() for block in blocks("polars", "python", root)]


def spark(root):
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    of_model, of_all = [table_of(block, spark=session).collect() for block in blocks("spark", "python", root)]
    return [[row["request_id"] for row in of_model], bodies(row.asDict() for row in of_all)]


def bodies(rows):
    return {row["request_id"]: [row["response_content"], row["encoding"]] for row in rows}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](sys.argv[2])))
