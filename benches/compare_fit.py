"""Times `triage-train fit` beside scikit-learn on the same file, in turn, and prints the ratio.

    pip install scikit-learn
    cargo build --release
    python benches/compare_fit.py --data train.csv --text text --topic topic [--rounds 3]

scikit-learn does one fit of TfidfVectorizer(words 1-2) + TfidfVectorizer(char_wb 2-5, min_df 2) +
LinearSVC; triage-train does its folds, pool, thresholds and final fit. Both are whole: triage-train
from the start of the process to its end, scikit-learn from texts in memory to the fitted model.
"""

import argparse
import csv
import subprocess
import tempfile
import time

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC


def fit_sklearn(texts, topics):
    started = time.perf_counter()
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True),
    )
    LinearSVC().fit(features.fit_transform(texts), topics)
    return time.perf_counter() - started


def fit_triage(arguments):
    with tempfile.TemporaryDirectory() as models:
        command = [arguments.program, "fit", "--data", arguments.data, "--models", models]
        command += ["--text", arguments.text, "--topic", arguments.topic]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="CSV file")
    parser.add_argument("--text", default="text", help="column of the text")
    parser.add_argument("--topic", default="topic", help="column of the topic")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--program", default="target/release/triage-train")
    arguments = parser.parse_args()
    with open(arguments.data, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = [row[arguments.text] for row in rows]
    topics = [row[arguments.topic] for row in rows]
    ratios = []
    for _ in range(arguments.rounds):
        ours, theirs = fit_triage(arguments), fit_sklearn(texts, topics)
        ratios.append(ours / theirs)
        print(f"triage-train {ours:.2f} s, scikit-learn {theirs:.2f} s, ratio {ratios[-1]:.2f}")
    print(f"median ratio {sorted(ratios)[len(ratios) // 2]:.2f}")


if __name__ == "__main__":
    main()
