"""BentoML as its quickstart writes a service."""

import os

import bentoml
import joblib


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Churn:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api
    def score(self, rows: list[list[float]]) -> list[float]:
        return self.model.predict_proba(rows)[:, 1].tolist()
