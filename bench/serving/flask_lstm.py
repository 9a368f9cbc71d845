"""The classic way to put a trained model online: Flask's own server, torch, one text a request.

The same weights, the same text pipeline and the same answers as Wenlu's service, behind `POST /v1/predict`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from flask import Flask, jsonify, request

from wenlu.bundle.predict import Predictor
from wenlu.bundle.seal import open_bundle
from wenlu.serving.runtimes.torch import TorchRuntime


def make_app(folder: Path) -> Flask:
    bundle = open_bundle(folder)
    predictor = Predictor(bundle, TorchRuntime(bundle))
    app = Flask("flask_lstm")

    @app.post("/v1/predict")
    def predict():  # type: ignore[no-untyped-def]
        answers = predictor.predict(request.get_json()["inputs"])
        outputs = [{"label": answer.label, "score": answer.score, "scores": answer.scores} for answer in answers]
        return jsonify({"model": bundle.manifest.name, "version": bundle.manifest.version, "outputs": outputs})

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    make_app(options.bundle).run(port=options.port)
