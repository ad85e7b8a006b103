"""Scores of samples one by one, from the papers' definitions. Higher = label first."""

import numpy as np
from scipy.stats import entropy


def least_confidence(p):
    """1 - max p (Lewis and Gale 1994)."""
    return 1.0 - np.max(p, axis=-1)


def margin(p):
    """1 - (p1 - p2) of the two largest (Scheffer et al. 2001)."""
    ordered = np.sort(p, axis=-1)
    return 1.0 - (ordered[..., -1] - ordered[..., -2])


def shannon(p):
    """In nats. SciPy would normalise first: it is given rows whose sum is 1 but for rounding, and scaled back."""
    total = p.sum(axis=-1)
    return total * (entropy(p, axis=-1) - np.log(total))


def bald(passes):
    """The mean Kullback-Leibler divergence of the passes from their mean, which is H[mean p] - mean H[p]."""
    mean = np.broadcast_to(passes.mean(axis=0), passes.shape)
    ratio = np.divide(passes, mean, out=np.ones_like(passes), where=passes > 0)
    return np.maximum((passes * np.log(ratio)).sum(axis=-1).mean(axis=0), 0.0)


def variation_ratios(passes):
    """The share of passes that do not predict the class that most predict (Freeman 1965); of equals the less sure mean first."""
    t, _, c = passes.shape
    votes = np.stack([np.sum(passes.argmax(axis=2) == label, axis=0) for label in range(c)])
    return 1 - votes.max(axis=0) / t + least_confidence(passes.mean(axis=0)) / (2 * t)


def mean_std(passes):
    """The standard deviation over passes, averaged over classes (Kampffmeyer et al. 2016)."""
    return passes.std(axis=0).mean(axis=-1)


def vote_entropy(members):
    """The entropy of the shares of nets that predict each class (Dagan and Engelson 1995)."""
    t, _, c = members.shape
    votes = np.stack([np.sum(members.argmax(axis=2) == label, axis=0) for label in range(c)], axis=1)
    return entropy(votes / t, axis=1)


def consensus_entropy(members):
    """The entropy of the mean probabilities of the nets (Settles 2009)."""
    return shannon(members.mean(axis=0))
