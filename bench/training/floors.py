"""What a user would take instead: TF-IDF and a linear SVM, and fastText. Run by `classifiers.py`, in a Python that has
scikit-learn and fastText (PyPI: fasttext-numpy2-wheel).

    python bench/training/floors.py FOLDER     # train.jsonl and test.jsonl there: {"text", "words", "label"} a line

A JSON line for each: name, accuracy and macro F1 on test, seconds of training, parameters.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

Rows = list[dict[str, str]]


def main(folder: Path) -> None:
    train, test = (read(folder / f"{split}.jsonl") for split in ("train", "test"))
    for name, measure in (("TF-IDF + SVM", support_vectors), ("fastText", fasttext_words)):
        started = time.perf_counter()
        answers, seconds, parameters = measure(train, test)
        truth = [row["label"] for row in test]
        from sklearn.metrics import accuracy_score, f1_score

        print(
            json.dumps({
                "name": name,
                "accuracy": accuracy_score(truth, answers),
                "macro_f1": f1_score(truth, answers, average="macro"),
                "seconds": seconds,
                "parameters": parameters,
                "in_all": time.perf_counter() - started,
            }),
            flush=True,
        )  # fmt: skip


def read(file: Path) -> Rows:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def support_vectors(train: Rows, test: Rows) -> tuple[list[str], float, int]:
    """Characters and pairs of them, weighed by TF-IDF."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    started = time.perf_counter()
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    model = LinearSVC(C=0.3).fit(vectorizer.fit_transform([row["text"] for row in train]), [r["label"] for r in train])
    seconds = time.perf_counter() - started
    return list(model.predict(vectorizer.transform([row["text"] for row in test]))), seconds, model.coef_.size


def fasttext_words(train: Rows, test: Rows) -> tuple[list[str], float, int]:
    """Words and pairs of them; 25 epochs at a rate of 0.5, as its tutorial ends."""
    import fasttext

    labels = {label: number for number, label in enumerate(sorted({row["label"] for row in train}))}
    names = {f"__label__{number}": label for label, number in labels.items()}
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(f"__label__{labels[row['label']]} {row['words']}\n" for row in train)
        file.flush()
        started = time.perf_counter()
        model = fasttext.train_supervised(
            file.name, epoch=25, lr=0.5, wordNgrams=2, thread=2, verbose=0, bucket=200_000
        )
        seconds = time.perf_counter() - started
    answers = [names[found[0]] for found in predicted(model, test)]
    return answers, seconds, model.get_input_matrix().size + model.get_output_matrix().size


def predicted(model: object, test: Rows) -> Iterator[list[str]]:
    yield from model.predict([row["words"] for row in test])[0]  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
