"""A class for each strategy of the engine's list.

Made by `make_strategies.py`; do not edit.
"""

from __future__ import annotations

import numpy as np

from ._strategy import Strategy

__all__ = [
    "AlfaMix",
    "Auto",
    "AutoLite",
    "Badge",
    "Bait",
    "BaitFast",
    "Bald",
    "BatchBald",
    "Bim",
    "Cdal",
    "Clue",
    "ClusterMargin",
    "ConsensusEntropy",
    "DeepFool",
    "DensityWeighting",
    "DropQuery",
    "EnsembleBald",
    "EnsembleVariationRatios",
    "Entropy",
    "EntropyDropout",
    "Epig",
    "Falcun",
    "KCenter",
    "KMeans",
    "KMedians",
    "LeastConfidence",
    "LeastConfidenceDropout",
    "Margin",
    "MarginDropout",
    "MaxHerding",
    "MeanStd",
    "PowerBald",
    "PowerEntropy",
    "PowerMargin",
    "ProbCover",
    "Random",
    "TypiClust",
    "UncertaintyHerding",
    "VariationRatios",
    "VoteEntropy",
    "WeightedKMeans",
]


class Auto(Strategy):
    """Covers what the net is not sure of; the default, from the first label on.

    Each pick is the uncertain sample that covers most of what is uncertain and not covered yet. The kernel's
    width follows the density of the pool at the number of labels, so coverage turns into uncertainty by
    itself as labels grow. A net that publishes its calibration (softmax-regression, head) has its
    probabilities corrected by cross-validation and its least uncertain samples left out the more, the better
    it is; with any other net it is `auto-lite`. A sample gets no credit for covering itself, so outliers are
    worthless. Without any label it takes the middles of k-means clusters of the inputs. A sample of the pool,
    drawn by seed, stands for it: O(n·d) time a query. While the net tells no two samples apart, all are
    equally uncertain.

    Looks at: probabilities, embeddings, labelled embeddings, calibration if the net gives it.

    Parameters
    ----------
    bandwidth : float, default=0.7
        The kernel's width, as a share of the typical distance to as many neighbours as each label has to
        cover. A number above 0, at most 100. Source: Best of 0.25 to 1.4 on six sets, 0.5 points of area
        ahead of 0.5 on fresh seeds (record/2026-11-23-auto).
    references : int, default=2000
        Samples, drawn by seed, that stand for the pool. A whole number from 10 to 100000. Source: A
        prototype: 1,000 cost 0.15 points.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Greedy coverage by kernels: Bae et al., Generalized coverage for more robust low-budget active learning,
    ECCV 2024, and Uncertainty herding, ICLR 2025; temperature: Guo et al., ICML 2017; lazy greedy: Minoux
    1978. The rule that joins them (bandwidth, cut by accuracy, no credit for itself) is our own.
    """

    name = "auto"
    needs = frozenset({"probs", "embeddings", "labeled_embeddings"})
    wants = frozenset({"calibration"})
    starts_cold = True

    def __init__(
        self,
        *,
        bandwidth: float = 0.7,
        references: int = 2000,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.bandwidth = bandwidth
        self.references = references
        self.random_state = random_state


class AutoLite(Strategy):
    """Auto without cross-validation, for nets that take long to train.

    As auto, with probabilities as they are, candidates cut by the number of labels instead of the accuracy.

    Looks at: probabilities, embeddings, labelled embeddings.

    Parameters
    ----------
    bandwidth : float, default=0.7
        The kernel's width, as a share of the typical distance to as many neighbours as each label has to
        cover. A number above 0, at most 100. Source: As of auto.
    references : int, default=2000
        Samples, drawn by seed, that stand for the pool. A whole number from 10 to 100000. Source: As of auto.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    The same as of auto.
    """

    name = "auto-lite"
    needs = frozenset({"probs", "embeddings", "labeled_embeddings"})
    wants = frozenset()
    starts_cold = True

    def __init__(
        self,
        *,
        bandwidth: float = 0.7,
        references: int = 2000,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.bandwidth = bandwidth
        self.references = references
        self.random_state = random_state


class Random(Strategy):
    """Uniformly at random: the baseline that every other strategy has to beat.

    Costs nothing and needs no net. Its labels are an unbiased sample of the pool, those of every other
    strategy are not.

    Looks at: nothing.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Uniform sampling without replacement.
    """

    name = "random"
    needs = frozenset()
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.random_state = random_state


class LeastConfidence(Strategy):
    """The least probability of the most probable class.

    Score 1 − max p. One pass over the pool.

    Looks at: probabilities.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Lewis and Gale, A sequential algorithm for training text classifiers, SIGIR 1994.
    """

    name = "least-confidence"
    needs = frozenset({"probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.random_state = random_state


class Margin(Strategy):
    """The smallest gap between the two most probable classes.

    Score 1 − (p₁ − p₂). One pass over the pool; the strongest simple default once a few labels for each class
    are there.

    Looks at: probabilities.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Scheffer, Decomain and Wrobel, Active hidden Markov models for information extraction, IDA 2001.
    """

    name = "margin"
    needs = frozenset({"probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.random_state = random_state


class Entropy(Strategy):
    """The largest entropy of the predicted classes.

    Score −Σ p ln p with 0 ln 0 = 0. One pass over the pool; with many classes it prefers samples that are
    unclear among classes that do not matter, where margin does not.

    Looks at: probabilities.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Settles, Active learning literature survey, 2009, after Shannon 1948.
    """

    name = "entropy"
    needs = frozenset({"probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.random_state = random_state


class LeastConfidenceDropout(Strategy):
    """Least confidence of the mean prediction over dropout passes.

    Passes with dropout on and batch-norm frozen; the net needs a dropout layer. Costs that many passes
    through the layers from the first dropout on.

    Looks at: Monte-Carlo probabilities.

    Parameters
    ----------
    passes : int, default=10
        Forward passes with dropout on. A whole number from 1 to 10000. Source: DeepAL's n_drop.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Gal, Islam and Ghahramani, Deep Bayesian active learning with image data, ICML 2017.
    """

    name = "least-confidence-dropout"
    needs = frozenset({"mc_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        passes: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.passes = passes
        self.random_state = random_state


class MarginDropout(Strategy):
    """Smallest margin of the mean prediction over dropout passes.

    Passes with dropout on and batch-norm frozen; the net needs a dropout layer. Costs that many passes
    through the layers from the first dropout on.

    Looks at: Monte-Carlo probabilities.

    Parameters
    ----------
    passes : int, default=10
        Forward passes with dropout on. A whole number from 1 to 10000. Source: DeepAL's n_drop.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Gal, Islam and Ghahramani, Deep Bayesian active learning with image data, ICML 2017.
    """

    name = "margin-dropout"
    needs = frozenset({"mc_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        passes: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.passes = passes
        self.random_state = random_state


class EntropyDropout(Strategy):
    """Largest entropy of the mean prediction over dropout passes.

    Passes with dropout on and batch-norm frozen; the net needs a dropout layer. Costs that many passes
    through the layers from the first dropout on.

    Looks at: Monte-Carlo probabilities.

    Parameters
    ----------
    passes : int, default=10
        Forward passes with dropout on. A whole number from 1 to 10000. Source: DeepAL's n_drop.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Gal, Islam and Ghahramani, Deep Bayesian active learning with image data, ICML 2017.
    """

    name = "entropy-dropout"
    needs = frozenset({"mc_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        passes: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.passes = passes
        self.random_state = random_state


class Bald(Strategy):
    """The largest disagreement between dropout passes, each sure of itself.

    Score H[mean p] − mean H[p], the mutual information of prediction and model. Passes with dropout on and
    batch-norm frozen; the net needs a dropout layer. Samples in a batch may resemble each other.

    Looks at: Monte-Carlo probabilities.

    Parameters
    ----------
    passes : int, default=10
        Forward passes with dropout on. A whole number from 1 to 10000. Source: DeepAL's n_drop; the paper
        takes 100.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Houlsby et al., Bayesian active learning for classification and preference learning, arXiv 1112.5745,
    2011; Gal, Islam and Ghahramani, ICML 2017.
    """

    name = "bald"
    needs = frozenset({"mc_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        passes: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.passes = passes
        self.random_state = random_state


class KMeans(Strategy):
    """The sample nearest to each of n cluster centres of the embeddings.

    Diverse and representative, blind to uncertainty. The reference clusters with ten random starts; here
    large pools get one k-means++ start, small ones up to 50, and clusters never run empty. O(n·d) memory.

    Looks at: embeddings.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    The k-means core-set of DeepAL; Lloyd, IEEE Transactions on Information Theory, 1982; Arthur and
    Vassilvitskii, k-means++, SODA 2007.
    """

    name = "k-means"
    needs = frozenset({"embeddings"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.random_state = random_state


class KMedians(Strategy):
    """The sample nearest to each of n coordinate-wise cluster medians of the embeddings.

    As k-means, with absolute distances, which a few outliers pull less. The paper names k-medians, its
    reference code has none. O(n·d) memory.

    Looks at: embeddings.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Bradley, Mangasarian and Street, Clustering via concave minimization, NIPS 1996.
    """

    name = "k-medians"
    needs = frozenset({"embeddings"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.random_state = random_state


class KCenter(Strategy):
    """Again and again the sample farthest from everything labelled or picked.

    Covers the pool in embedding space, outliers first. The greedy 2-approximation of the core-set paper,
    without its mixed-integer program. O(n·d) memory, where the reference holds an n × n matrix.

    Looks at: embeddings, labelled embeddings.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Sener and Savarese, Active learning for convolutional neural networks: a core-set approach, ICLR 2018.
    """

    name = "k-center"
    needs = frozenset({"embeddings", "labeled_embeddings"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.random_state = random_state


class Bim(Strategy):
    """The smallest perturbation by signed gradient steps that changes the predicted class.

    Signed steps in each coordinate of the net's input. The reference loops for ever where the gradient
    vanishes and leaves the range of valid pixels; here the number of steps is bounded, inputs stay in range,
    and samples that never flip come last. The reference ranks by the perturbation's squared norm, the same
    order. The adversarial twin is not added to the labelled pool.

    Looks at: boundary distances by BIM.

    Parameters
    ----------
    eps : float, default=0.05
        The length of a step in each coordinate of the net's input. A number above 0, at most 1000. Source:
        DeepAL.
    max_steps : int, default=100
        Steps after which a sample counts as never flipped: 100 of 0.05 cross the whole range of a normalised
        image. A whole number from 1 to 100000. Source: Our own bound; the reference has none.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Ducoffe and Precioso, Adversarial active learning for deep networks, arXiv 1802.09841, 2018; Kurakin,
    Goodfellow and Bengio, Adversarial examples in the physical world, ICLR workshop 2017.
    """

    name = "bim"
    needs = frozenset({"net"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        eps: float = 0.05,
        max_steps: int = 100,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.eps = eps
        self.max_steps = max_steps
        self.random_state = random_state


class DeepFool(Strategy):
    """The smallest perturbation to the nearest linearised class boundary.

    With the paper's overshoot, which the reference leaves out. Samples that never flip come last, where the
    reference picks them first. The adversarial twin is not added to the labelled pool.

    Looks at: boundary distances by DeepFool.

    Parameters
    ----------
    max_steps : int, default=50
        Steps after which a sample counts as never flipped. A whole number from 1 to 100000. Source: DeepAL;
        Moosavi-Dezfooli et al., CVPR 2016.
    overshoot : float, default=0.02
        How far to step beyond the estimated boundary, as a share of the whole perturbation. A number from 0
        to 10. Source: Moosavi-Dezfooli et al., CVPR 2016.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Ducoffe and Precioso, Adversarial active learning for deep networks, arXiv 1802.09841, 2018; Moosavi-
    Dezfooli, Fawzi and Frossard, DeepFool, CVPR 2016.
    """

    name = "deepfool"
    needs = frozenset({"net"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        max_steps: int = 50,
        overshoot: float = 0.02,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.max_steps = max_steps
        self.overshoot = overshoot
        self.random_state = random_state


class UncertaintyHerding(Strategy):
    """The sample that covers most of the uncertainty that no labelled sample is near to.

    The kernel's width is the least distance between two labelled samples, so coverage turns into uncertainty
    as they grow denser. Uncertainty is 1 − (p₁ − p₂), at the temperature of the net's calibration if it
    publishes one. Starts without any label, with every sample equally uncertain. Deviations: the temperature
    has the least negative log-likelihood in cross-validation (the paper: calibration error on a hold-out);
    while fewer than two labels differ the width is that of max-herding; 2,000 samples, drawn by seed, stand
    for the pool.

    Looks at: probabilities, embeddings, labelled embeddings, calibration if the net gives it.

    Parameters
    ----------
    references : int, default=2000
        Samples, drawn by seed, that stand for the pool. A whole number from 10 to 100000. Source: A
        prototype: 1,000 cost 0.15 points.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Bae, Oliveira and Sutherland, Uncertainty herding: one active learning method for all label budgets, ICLR
    2025.
    """

    name = "uncertainty-herding"
    needs = frozenset({"probs", "embeddings", "labeled_embeddings"})
    wants = frozenset({"calibration"})
    starts_cold = True

    def __init__(
        self,
        *,
        references: int = 2000,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.references = references
        self.random_state = random_state


class MaxHerding(Strategy):
    """The sample that covers most of what no labelled sample is near to.

    For very few labels; falls behind uncertainty once there are some for each class. Starts without any
    label. Deviations: the kernel's width is half the typical distance to as many neighbours as each label has
    to cover, where the paper takes 1 for embeddings of unit length; and 2,000 samples, drawn by seed, stand
    for the pool.

    Looks at: embeddings, labelled embeddings.

    Parameters
    ----------
    bandwidth : float, default=0.5
        The kernel's width, as a share of the typical distance to as many neighbours as each label has to
        cover. A number above 0, at most 100. Source: A prototype on 13 data sets.
    references : int, default=2000
        Samples, drawn by seed, that stand for the pool. A whole number from 10 to 100000. Source: A
        prototype: 1,000 cost 0.15 points.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Bae, Noh and Sutherland, Generalized coverage for more robust low-budget active learning, ECCV 2024.
    """

    name = "max-herding"
    needs = frozenset({"embeddings", "labeled_embeddings"})
    wants = frozenset()
    starts_cold = True

    def __init__(
        self,
        *,
        bandwidth: float = 0.5,
        references: int = 2000,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.bandwidth = bandwidth
        self.references = references
        self.random_state = random_state


class ClusterMargin(Strategy):
    """Small margins, spread over clusters of the embeddings, small clusters first.

    The 10·n samples of smallest margin are clustered by average linkage into n clusters, and it takes one at
    random of each cluster in turn, beginning with those that have the fewest: good where some classes are
    rare. Deviation: the paper clusters the whole pool once, O(n²), and looks up the candidates' clusters;
    here the candidates themselves are clustered, a sample of them where they are many, drawn by seed, and
    others join by the nearest. Clusters of a sample of the pool were measured too and were worse, as those of
    outliers came first.

    Looks at: probabilities, embeddings.

    Parameters
    ----------
    many : int, default=10
        Samples of small margin for each pick, among which clusters are made. A whole number from 1 to 1000.
        Source: Citovsky et al., 2021: 10 times the batch.
    references : int, default=2000
        Candidates, drawn by seed, that are clustered; others join the nearest. A whole number from 10 to
        20000. Source: Bounds the time and memory of clustering, O(references²).
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Citovsky et al., Batch active learning at scale, NeurIPS 2021.
    """

    name = "cluster-margin"
    needs = frozenset({"probs", "embeddings"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        many: int = 10,
        references: int = 2000,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.many = many
        self.references = references
        self.random_state = random_state


class Badge(Strategy):
    """Gradients of the last layer that are long and far apart: uncertain and diverse at once.

    The gradient that a sample would have if its most probable class were true is (p − onehot) ⊗ embedding.
    The longest is first, then each is drawn with a probability in proportion to its squared distance to the
    nearest pick (k-means++), as the authors' code does; the paper's k-means++ would draw the first uniformly.
    Gradients are never written out: O(n·(c + d)) time a pick, O(n) memory, where other implementations hold
    n·c·d numbers. The origin is no centre. Samples whose gradients equal those of picks, as of a net that is
    certain of everything, are drawn uniformly.

    Looks at: probabilities, embeddings.

    Parameters
    ----------
    bias : float, default=0.0
        A number put beside each embedding, as the input of the biases: 1 adds the gradient of the biases, 0
        leaves it out. A number from 0 to 1000. Source: The authors' code takes the gradient of the weights
        alone.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Ash, Zhang, Krishnamurthy, Langford and Agarwal, Deep batch active learning by diverse, uncertain gradient
    lower bounds, ICLR 2020.
    """

    name = "badge"
    needs = frozenset({"probs", "embeddings"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        bias: float = 0.0,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.bias = bias
        self.random_state = random_state


class TypiClust(Strategy):
    """The most typical sample of each cluster that has no label, large clusters first; for few labels.

    Candidates and labelled samples are clustered by k-means into as many clusters as there will be labels, at
    most 500. It goes round those of more than 5 samples, fewest labels first, of equals the largest first,
    and takes the unlabelled sample with the least mean distance to its 20 nearest in the cluster; small
    clusters only when the others are used up. Starts without any label. The paper is defined on features of
    self-supervised nets: give those as the embeddings. As in the paper, distances are not squared and
    neighbours are min(20, all others); its code squares them and takes half of the cluster at most.
    Deviations: features are not scaled to length 1, as the code does when it loads them. At most `references`
    samples are clustered, and neighbours are sought among 4,096 of a cluster, which bounds the time:
    O(n·k·d).

    Looks at: embeddings, labelled embeddings.

    Parameters
    ----------
    neighbors : int, default=20
        Nearest neighbours over which typicality is the mean. A whole number from 1 to 1000. Source: Hacohen
        et al., 2022.
    clusters : int, default=500
        The most clusters. A whole number from 1 to 10000. Source: Hacohen et al., 2022.
    references : int, default=20000
        Samples, drawn by seed, that are clustered; others join the nearest centre. A whole number from 10 to
        1000000. Source: Bounds the time of clustering; all of small pools.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Hacohen, Dekel and Weinshall, Active learning on a budget: opposite strategies suit high and low budgets,
    ICML 2022.
    """

    name = "typiclust"
    needs = frozenset({"embeddings", "labeled_embeddings"})
    wants = frozenset()
    starts_cold = True

    def __init__(
        self,
        *,
        neighbors: int = 20,
        clusters: int = 500,
        references: int = 20000,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.neighbors = neighbors
        self.clusters = clusters
        self.references = references
        self.random_state = random_state


class ProbCover(Strategy):
    """The sample whose ball holds the most samples in no labelled sample's ball; for few labels.

    Greedy maximum coverage by balls of one radius. The radius is the largest at which 95 % of the balls hold
    samples of one cluster alone, of as many k-means clusters as there are classes: the paper's rule, anew in
    each query. Starts without any label. When everything is covered the rest is drawn at random. The paper is
    defined on features of self-supervised nets: give those as the embeddings. Deviations: purity is measured
    at 1,000 balls, coverage at `references` samples, both drawn by seed, all of small pools; of equal samples
    it takes one at random; features are not scaled to length 1 (the authors' code does so when it loads
    them). O(n·r·d) time, n·r / 8 bytes.

    Looks at: embeddings, labelled embeddings, probabilities if the net gives it.

    Parameters
    ----------
    purity : float, default=0.95
        The share of balls that must hold one cluster alone. A number from 0 to 1. Source: Yehuda et al.,
        2022.
    classes : int, default=0
        Clusters among which balls are pure; 0: as many as the net has classes, and 10 while there is no net.
        A whole number from 0 to 10000. Source: Yehuda et al., 2022: the number of classes.
    references : int, default=4000
        Samples, drawn by seed, that are to be covered. A whole number from 10 to 100000. Source: Bounds time
        and memory; twice those of max-herding, as a bit costs less than a kernel.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Yehuda, Dekel, Hacohen and Weinshall, Active learning through a covering lens, NeurIPS 2022.
    """

    name = "prob-cover"
    needs = frozenset({"embeddings", "labeled_embeddings"})
    wants = frozenset({"probs"})
    starts_cold = True

    def __init__(
        self,
        *,
        purity: float = 0.95,
        classes: int = 0,
        references: int = 4000,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.purity = purity
        self.classes = classes
        self.references = references
        self.random_state = random_state


class AlfaMix(Strategy):
    """Samples whose predicted class changes when their features are mixed a little with those of a class, spread by k-means.

    The mix that is most likely to change the prediction, in closed form, is a step along the gradient of the
    loss, as long as a share ε/√d of the distance to the mean of a labelled class. ε grows in steps until more
    samples than wanted change; these, scaled to length 1, are clustered by k-means, and those nearest to the
    centres are picked. Classes without a label have no mean and are left out: the authors' code takes the
    mean of all labelled samples for each, others divide by 0. A feature that equals the mean's cannot be
    mixed and stays (0/0 elsewhere), a sample of no gradient changes never. If too few change the rest is
    drawn at random, without replacement. Deviation: of more than 20,000 that change, that many, drawn by
    seed, are clustered. O(n·d·c) time and that of k-means.

    Looks at: embeddings, labelled embeddings, labels, weights of the last layer, biases of the last layer.

    Parameters
    ----------
    step : float, default=0.03125
        By how much the share of the mixed-in features grows at once, up to 1. A number above 0, at most 1.
        Source: The authors' code, which calls it alpha_cap.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Parvaneh, Abbasnejad, Teney, Haffari, van den Hengel and Shi, Active learning by feature mixing, CVPR
    2022.
    """

    name = "alfa-mix"
    needs = frozenset({"embeddings", "labeled_embeddings", "labels", "head_weights", "head_biases"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        step: float = 0.03125,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.step = step
        self.random_state = random_state


class Bait(Strategy):
    """The batch whose Fisher information, with that of the labels, covers that of the whole pool best.

    Least trace of the inverse information of labels and batch times the mean information of all, of the
    weights of the last layer: 2·n are added greedily, then those that are missed least are taken away, as in
    the authors' code and with its weights of labels and batch. Exact up to `classes` classes; of more the
    gradients of the most probable ones (Huseljic et al.). Of equals it takes one at random, samples that the
    net is certain of last. Costs much: O(n·k·c²·d) time and (c·d)³ once, (c·d)² memory. Above 4,096 weights
    it refuses: use bait-fast.

    Looks at: probabilities, embeddings, labelled embeddings, labelled probabilities.

    Parameters
    ----------
    lambda_ : float, default=1.0
        What is added to the diagonal of the information. A number above 0, at most 1000000. Source: The
        authors' code.
    classes : int, default=10
        Most probable classes whose gradients count: exact if there are no more. A whole number from 1 to
        1000. Source: Bounds the time; Huseljic et al., 2024, take 2.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Ash, Goel, Krishnamurthy and Kakade, Gone fishing: neural active learning with Fisher embeddings, NeurIPS
    2021; Huseljic, Hahn, Herde, Rauch and Sick, Fast Fishing: approximating BAIT for efficient and scalable
    deep active image classification, ECML PKDD 2024.
    """

    name = "bait"
    needs = frozenset({"probs", "embeddings", "labeled_embeddings", "labeled_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        lambda_: float = 1.0,
        classes: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.lambda_ = lambda_
        self.classes = classes
        self.random_state = random_state


class BaitFast(Strategy):
    """Bait with the information of the most probable class against all others: much faster.

    As bait, with the Fisher information p̂(1 − p̂) h hᵀ of a binary problem, p̂ the largest probability, so
    that its matrix has the features as rows and columns and not classes times features. O(n·k·d) time, O(n·d
    + d²) memory.

    Looks at: probabilities, embeddings, labelled embeddings, labelled probabilities.

    Parameters
    ----------
    lambda_ : float, default=1.0
        What is added to the diagonal of the information. A number above 0, at most 1000000. Source: As of
        bait.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Huseljic, Hahn, Herde, Rauch and Sick, Fast Fishing: approximating BAIT for efficient and scalable deep
    active image classification, ECML PKDD 2024.
    """

    name = "bait-fast"
    needs = frozenset({"probs", "embeddings", "labeled_embeddings", "labeled_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        lambda_: float = 1.0,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.lambda_ = lambda_
        self.random_state = random_state


class DropQuery(Strategy):
    """Samples whose predicted class changes in most passes with features dropped, spread by k-means.

    Each feature of the embedding is dropped with probability 0.75 and the others scaled up, the last layer is
    asked again, 3 times. Samples whose prediction differs in more than half of the passes are clustered by
    k-means, and those nearest to the centres are picked. When they are fewer than wanted, those that differ
    less often join. Made for linear layers on features of pretrained nets. Deviations: the dropped features
    are those that the last layer sees; of more than 20,000 samples that differ, that many, drawn by seed, are
    clustered. O(passes·n·d·c) time and that of k-means.

    Looks at: embeddings, weights of the last layer, biases of the last layer.

    Parameters
    ----------
    dropout : float, default=0.75
        The probability with which a feature is dropped. A number from 0 to 0.99. Source: Gupte et al., 2024.
    passes : int, default=3
        Passes with features dropped. A whole number from 1 to 1000. Source: Gupte et al., 2024.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Gupte, Aklilu, Nirschl and Yeung-Levy, Revisiting active learning in the era of vision foundation models,
    TMLR 2024.
    """

    name = "drop-query"
    needs = frozenset({"embeddings", "head_weights", "head_biases"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        dropout: float = 0.75,
        passes: int = 3,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.dropout = dropout
        self.passes = passes
        self.random_state = random_state


class WeightedKMeans(Strategy):
    """Small margins, clustered by k-means in which smaller margins count more.

    The 10·n samples of smallest margin are clustered into n clusters by k-means with 1 − (p₁ − p₂) as the
    weight of each, and the sample nearest to each centre is picked. Weights count as copies do and move no
    sample. If the net tells no two samples apart, all are clustered, with the same weight. O(n·k·d) time a
    step of the clustering.

    Looks at: probabilities, embeddings.

    Parameters
    ----------
    many : int, default=10
        Samples of small margin for each pick, among which clusters are made. A whole number from 1 to 1000.
        Source: Zhdanov, 2019, who tries 10 and 50.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Zhdanov, Diverse mini-batch active learning, arXiv 1901.05954, 2019.
    """

    name = "weighted-k-means"
    needs = frozenset({"probs", "embeddings"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        many: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.many = many
        self.random_state = random_state


class Clue(Strategy):
    """The sample nearest to each centre of k-means in which samples of high entropy count more.

    The whole pool is clustered into n clusters with the entropy of each sample's probabilities, at a
    temperature, as its weight. Weights count as copies do and move no sample; picks are distinct. Made for
    new domains without labels. If no sample has entropy, all weigh the same. O(n·k·d) time a step of the
    clustering.

    Looks at: probabilities, embeddings.

    Parameters
    ----------
    temperature : float, default=1.0
        The temperature of the softmax: above 1 all samples count more alike, below 1 the uncertain ones count
        more. A number above 0, at most 100. Source: The authors' default; they take 0.1 on DIGITS.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Prabhu, Chandrasekaran, Saenko and Hoffman, Active domain adaptation via clustering uncertainty-weighted
    embeddings, ICCV 2021.
    """

    name = "clue"
    needs = frozenset({"probs", "embeddings"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        temperature: float = 1.0,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.temperature = temperature
        self.random_state = random_state


class Falcun(Strategy):
    """Drawn by margin plus distance to earlier picks, both of the probabilities alone.

    Each pick is drawn with a probability in proportion to (u + d)^γ: u is 1 − (p₁ − p₂), d the least L1
    distance of its probabilities to those of a pick, at first u, scaled to 0…1 over the samples that are
    left, as in the authors' code. Needs no embeddings. Samples of u + d = 0 are drawn at random when no
    others are left. O(n·c) time a pick, O(n) memory.

    Looks at: probabilities.

    Parameters
    ----------
    gamma : float, default=10.0
        The power γ: 0 draws at random, a large one always takes the most relevant. A number from 0 to 1000.
        Source: The authors' code.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Gilhuber, Beer, Ma and Seidl, FALCUN: a simple and efficient deep active learning strategy, ECML PKDD
    2024.
    """

    name = "falcun"
    needs = frozenset({"probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        gamma: float = 10.0,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.gamma = gamma
        self.random_state = random_state


class Cdal(Strategy):
    """Again and again the sample whose probabilities are farthest from those of everything labelled or picked.

    Greedy k-center (the paper's CDAL-CS) with the symmetric Kullback-Leibler divergence of probabilities,
    which the paper's contextual diversity is for whole images; its regions of an image and its reinforcement
    learning are left out. Probabilities below `floor` count as that, or the divergence from 0 were infinite.
    With nothing labelled the first is drawn by seed; so is the rest when all that are left equal a labelled
    or picked one. O(n·c) time a pick and a labelled sample, O(n) memory and the logarithms of the
    probabilities.

    Looks at: probabilities, labelled probabilities.

    Parameters
    ----------
    floor : float, default=1e-06
        The least probability. A number above 0, at most 0.1. Source: Our own; the paper does not say.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Agarwal, Arora, Anand and Arora, Contextual diversity for active learning, ECCV 2020.
    """

    name = "cdal"
    needs = frozenset({"probs", "labeled_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        floor: float = 1e-06,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.floor = floor
        self.random_state = random_state


class DensityWeighting(Strategy):
    """High entropy times the mean cosine similarity to the pool: uncertain and no outlier.

    The information density of Settles and Craven with entropy as the uncertainty. The mean of cosines is the
    cosine with the mean direction, times its length, so O(n·d) time and no n × n matrix. Where the mean
    similarity is negative, which embeddings around the origin have, its power keeps its sign, and such
    samples come last. Picks may resemble each other. If all scores are equal, picks are at random.

    Looks at: probabilities, embeddings.

    Parameters
    ----------
    beta : float, default=1.0
        The power of the density; 0 leaves entropy alone. A number from 0 to 100. Source: Settles and Craven,
        2008.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Settles and Craven, An analysis of active learning strategies for sequence labeling tasks, EMNLP 2008.
    """

    name = "density-weighting"
    needs = frozenset({"probs", "embeddings"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        beta: float = 1.0,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.beta = beta
        self.random_state = random_state


class VariationRatios(Strategy):
    """The largest share of dropout passes that do not predict the class that most predict.

    Score 1 − f/t of t passes, of which f predict the most frequent class. Among equals, which few passes
    leave many of, the smaller largest mean probability counts, as less than half a pass. Passes with dropout
    on and batch-norm frozen; the net needs a dropout layer. Not 1 − max p of one pass, as which it is
    sometimes implemented, and which is least-confidence.

    Looks at: Monte-Carlo probabilities.

    Parameters
    ----------
    passes : int, default=10
        Forward passes with dropout on. A whole number from 1 to 10000. Source: As of bald.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Freeman, Elementary applied statistics, 1965; Beluch, Genewein, Nürnberger and Köhler, The power of
    ensembles for active learning in image classification, CVPR 2018.
    """

    name = "variation-ratios"
    needs = frozenset({"mc_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        passes: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.passes = passes
        self.random_state = random_state


class MeanStd(Strategy):
    """The largest standard deviation of probabilities over dropout passes, averaged over classes.

    Score 1/c · Σ √(mean p² − (mean p)²). Passes with dropout on and batch-norm frozen; the net needs a
    dropout layer. Samples in a batch may resemble each other.

    Looks at: Monte-Carlo probabilities.

    Parameters
    ----------
    passes : int, default=10
        Forward passes with dropout on. A whole number from 1 to 10000. Source: As of bald.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Kampffmeyer, Salberg and Jenssen, Semantic segmentation of small objects and modeling of uncertainty in
    urban remote sensing images using deep convolutional neural networks, CVPR workshops 2016; Gal, Islam and
    Ghahramani, ICML 2017.
    """

    name = "mean-std"
    needs = frozenset({"mc_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        passes: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.passes = passes
        self.random_state = random_state


class PowerBald(Strategy):
    """Drawn in proportion to a power of bald's score, so that a batch does not repeat itself.

    Each pick is drawn without replacement with a probability in proportion to the power of H[mean p] − mean
    H[p]: the largest of power · ln score plus Gumbel noise. Costs nothing beside bald. Samples of score 0
    come last, at random.

    Looks at: Monte-Carlo probabilities.

    Parameters
    ----------
    power : float, default=1.0
        The power of the score: near 0 draws at random, a large one ranks. A number above 0, at most 1000.
        Source: Kirsch et al., 2023: β = 1.
    passes : int, default=10
        Forward passes with dropout on. A whole number from 1 to 10000. Source: As of bald.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal, Stochastic batch acquisition: a simple
    baseline for deep active learning, TMLR 2023.
    """

    name = "power-bald"
    needs = frozenset({"mc_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        power: float = 1.0,
        passes: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.power = power
        self.passes = passes
        self.random_state = random_state


class PowerMargin(Strategy):
    """Drawn in proportion to a power of margin's score, so that a batch does not repeat itself.

    Each pick is drawn without replacement with a probability in proportion to the power of 1 − (p₁ − p₂): the
    largest of power · ln score plus Gumbel noise. Samples of score 0 come last, at random. The paper draws by
    BALD, entropy and others, not by margins.

    Looks at: probabilities.

    Parameters
    ----------
    power : float, default=1.0
        The power of the score: near 0 draws at random, a large one ranks. A number above 0, at most 1000.
        Source: Kirsch et al., 2023: β = 1.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal, Stochastic batch acquisition: a simple
    baseline for deep active learning, TMLR 2023.
    """

    name = "power-margin"
    needs = frozenset({"probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        power: float = 1.0,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.power = power
        self.random_state = random_state


class PowerEntropy(Strategy):
    """Drawn in proportion to a power of the entropy, so that a batch does not repeat itself.

    Each pick is drawn without replacement with a probability in proportion to the power of −Σ p ln p: the
    largest of power · ln score plus Gumbel noise. Samples of score 0 come last, at random.

    Looks at: probabilities.

    Parameters
    ----------
    power : float, default=1.0
        The power of the score: near 0 draws at random, a large one ranks. A number above 0, at most 1000.
        Source: Kirsch et al., 2023: β = 1.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal, Stochastic batch acquisition: a simple
    baseline for deep active learning, TMLR 2023.
    """

    name = "power-entropy"
    needs = frozenset({"probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        power: float = 1.0,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.power = power
        self.random_state = random_state


class BatchBald(Strategy):
    """The batch whose labels together tell most about the net, so that it does not repeat itself.

    Greedy: each pick has the most mutual information with the net given the labels of the picks before, which
    for the first is bald's score. Each pass drops the same units for all samples, or the joint distribution
    were that of no net. All labellings of the batch are counted while they are at most `labelings`, so that
    the information is exact; of more that many are drawn, and samples are looked at again only when they come
    to the head of the queue. Few passes tell little: ln t at most, and what is left when that is known is
    drawn at random. Copies may be picked: both labels are worth something. Deviations: labellings are drawn
    at even steps through their probabilities, and the information is averaged over the passes given each
    labelling, which scatters less.

    Looks at: Monte-Carlo probabilities.

    Parameters
    ----------
    passes : int, default=100
        Forward passes with dropout on. A whole number from 1 to 10000. Source: Our own: all picks together
        can tell no more than ln of it.
    labelings : int, default=1000
        The most labellings of the batch that are counted. A whole number from 1 to 20000. Source: Bounds the
        time: exact for three picks of ten classes, for nine of two.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Kirsch, van Amersfoort and Gal, BatchBALD: efficient and diverse batch acquisition for deep Bayesian
    active learning, NeurIPS 2019.
    """

    name = "batch-bald"
    needs = frozenset({"mc_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        passes: int = 100,
        labelings: int = 1000,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.passes = passes
        self.labelings = labelings
        self.random_state = random_state


class Epig(Strategy):
    """The labels that tell most about the net's predictions of other samples, where bald's tell about its weights.

    Score: the mutual information of a sample's label and that of a target, averaged over targets. These are a
    sample of the pool, drawn by seed, so the net is to get better on the pool; all of small pools. Each pass
    drops the same units for all samples. Samples in a batch may resemble each other. All products are of
    matrices: 10,000 samples of 10 classes with 100 passes take some seconds.

    Looks at: Monte-Carlo probabilities.

    Parameters
    ----------
    passes : int, default=100
        Forward passes with dropout on. A whole number from 1 to 10000. Source: As of batch-bald.
    targets : int, default=200
        Samples, drawn by seed, whose predictions are to become sure. A whole number from 1 to 100000. Source:
        Bounds the time.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Bickford Smith, Kirsch, Farquhar, Gal, Foster and Rainforth, Prediction-oriented Bayesian active learning,
    AISTATS 2023.
    """

    name = "epig"
    needs = frozenset({"mc_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        passes: int = 100,
        targets: int = 200,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.passes = passes
        self.targets = targets
        self.random_state = random_state


class VoteEntropy(Strategy):
    """The largest entropy of the votes of several nets.

    Score −Σ (v/t) ln (v/t), with v of t nets predicting a class. Few nets leave many equals: of these the one
    with the larger consensus entropy, so the picks have no scores. The committee is the net itself and t − 1
    more. Each is trained for the query on the same labels with a seed of its own. This takes t − 1 times as
    long as one training, and can be cancelled like one. One net and [t, n, c] are in memory at a time.
    Softmax regression has no committee, as its seed does not matter. It is not divided by the largest
    entropy, as some do, which changes no order.

    Looks at: committee probabilities.

    Parameters
    ----------
    members : int, default=5
        Nets in the committee. A whole number from 2 to 100. Source: Beluch et al., CVPR 2018.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Dagan and Engelson, Committee-based sampling for training probabilistic classifiers, ICML 1995; Seung,
    Opper and Sompolinsky, Query by committee, COLT 1992.
    """

    name = "vote-entropy"
    needs = frozenset({"member_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        members: int = 5,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.members = members
        self.random_state = random_state


class ConsensusEntropy(Strategy):
    """The largest entropy of the mean probabilities of several nets.

    Score H[mean p], the entropy of the consensus of t nets. The committee is that of vote-entropy, at its
    cost. It does not tell nets that disagree from nets that are all unsure; ensemble-bald does.

    Looks at: committee probabilities.

    Parameters
    ----------
    members : int, default=5
        Nets in the committee. A whole number from 2 to 100. Source: Beluch et al., CVPR 2018.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Settles, Active learning literature survey, 2009, section 3.2; Beluch, Genewein, Nürnberger and Köhler,
    The power of ensembles for active learning in image classification, CVPR 2018.
    """

    name = "consensus-entropy"
    needs = frozenset({"member_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        members: int = 5,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.members = members
        self.random_state = random_state


class EnsembleBald(Strategy):
    """The largest mean divergence of several nets from their consensus.

    Score mean KL(p ‖ mean p) over t nets, which is H[mean p] − mean H[p], BALD with nets in the place of
    passes with dropout. The committee is that of vote-entropy, at its cost.

    Looks at: committee probabilities.

    Parameters
    ----------
    members : int, default=5
        Nets in the committee. A whole number from 2 to 100. Source: Beluch et al., CVPR 2018.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    McCallum and Nigam, Employing EM and pool-based active learning for text classification, ICML 1998; Beluch
    et al., CVPR 2018.
    """

    name = "ensemble-bald"
    needs = frozenset({"member_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        members: int = 5,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.members = members
        self.random_state = random_state


class EnsembleVariationRatios(Strategy):
    """The largest share of several nets that do not predict the class that most predict.

    Score 1 − f/t of t nets, of which f predict the most frequent class. Among equals the smaller largest mean
    probability counts, as less than half a net. The committee is that of vote-entropy, at its cost.

    Looks at: committee probabilities.

    Parameters
    ----------
    members : int, default=5
        Nets in the committee. A whole number from 2 to 100. Source: Beluch et al., CVPR 2018.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
    Beluch, Genewein, Nürnberger and Köhler, The power of ensembles for active learning in image
    classification, CVPR 2018.
    """

    name = "ensemble-variation-ratios"
    needs = frozenset({"member_probs"})
    wants = frozenset()
    starts_cold = False

    def __init__(
        self,
        *,
        members: int = 5,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.members = members
        self.random_state = random_state
