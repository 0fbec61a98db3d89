"""scikit-learn's GaussianMixture from ten starts of its own, with k = 1, ..., 9 and each of its
covariance types. Prints a line for every mixture that it finds: `k covariance_type log-likelihood`,
then weights, means and covariances, the last index first.

Usage: scikit_search.py FILE n d
"""

import sys
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

n, d = map(int, sys.argv[2:])
x = np.ascontiguousarray(np.fromfile(sys.argv[1], "<f8").reshape((d, n)).T)
full = {
    "full": lambda covariances, k: covariances,
    "tied": lambda covariances, k: np.tile(covariances, (k, 1, 1)),
    "diag": lambda covariances, k: covariances[:, :, None] * np.eye(d),
    "spherical": lambda covariances, k: covariances[:, None, None] * np.eye(d),
}
warnings.simplefilter("ignore", ConvergenceWarning)
np.seterr(all="ignore")


def best_of(k, covariance_type, n_init=10):
    """What `n_init` does, but that a start which collapses does not end all others."""
    state = np.random.RandomState(1)
    best, found = -np.inf, None
    for _ in range(n_init):
        mixture = GaussianMixture(
            k,
            covariance_type=covariance_type,
            tol=1e-6,
            reg_covar=0,
            max_iter=1000,
            random_state=state,
        )
        try:
            loglik = n * mixture.fit(x).score(x)
        except ValueError:
            continue
        if np.isfinite(loglik) and loglik > best:
            best, found = loglik, mixture
    return best, found


with threadpool_limits(1):
    for k in range(1, 10):
        for covariance_type in full:
            loglik, mixture = best_of(k, covariance_type)
            if mixture is None:
                continue
            covariances = full[covariance_type](mixture.covariances_, k)
            parts = [[loglik], mixture.weights_, mixture.means_, covariances]
            numbers = np.concatenate([np.ravel(part) for part in parts])
            print(k, covariance_type, *map(repr, numbers.tolist()))
