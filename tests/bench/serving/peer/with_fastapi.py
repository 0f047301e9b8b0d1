"""FastAPI as its tutorial writes a service: the model is read once, a request is a list of rows."""

import os

import joblib
from fastapi import FastAPI
from pydantic import BaseModel

model = joblib.load(os.environ["MODEL"])
app = FastAPI()


class Rows(BaseModel):
    rows: list[list[float]]


@app.post("/score")
async def score(asked: Rows) -> list[float]:
    return model.predict_proba(asked.rows)[:, 1].tolist()
