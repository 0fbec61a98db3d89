"""scikit-learn's GaussianMixture: reads lines `covariance_type iterations threads` and answers each
with `seconds iterations log-likelihood`.

Usage: scikit.py DIRECTORY n d k
"""

import sys
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

directory = sys.argv[1]
n, d, k = map(int, sys.argv[2:])


def read(name, rows):
    columns = np.fromfile(f"{directory}/{name}", "<f8").reshape((d, rows))
    return np.ascontiguousarray(columns.T)


x = read("x", n)
means = read("means", k)
precisions = {
    "full": np.tile(np.eye(d), (k, 1, 1)),
    "tied": np.eye(d),
    "diag": np.ones((k, d)),
    "spherical": np.ones(k),
}
warnings.simplefilter("ignore", ConvergenceWarning)

for line in sys.stdin:
    covariance_type, iterations, threads = line.split()
    mixture = GaussianMixture(
        k,
        covariance_type=covariance_type,
        tol=0,
        reg_covar=0,
        max_iter=int(iterations),
        weights_init=np.full(k, 1 / k),
        means_init=means,
        precisions_init=precisions[covariance_type],
    )
    with threadpool_limits(int(threads)):
        began = time.perf_counter()
        mixture.fit(x)
        seconds = time.perf_counter() - began
    print(seconds, mixture.n_iter_, n * mixture.score(x), flush=True)
