"""A logistic regression of scikit-learn over as many features as asked, on made-up rows, into a folder: `train.py FEATURES FOLDER`."""

import sys
from pathlib import Path

import joblib
import numpy
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

width, folder = int(sys.argv[1]), Path(sys.argv[2])
random = numpy.random.default_rng(7)
rows = random.normal(size=(2_000, width))
labels = rows @ random.normal(size=width) + random.normal(size=len(rows)) > 0
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)).fit(rows, labels)
joblib.dump(model, folder / "model.joblib")
