import torch

from ura_study.detectors.uranet.statistics import (
    Moments,
    covering_tokens,
    principal_components,
    to_tokens,
    token_statistics,
    whitening,
)


def test_statistics_are_those_of_all_tokens(train, generator):
    statistics = token_statistics(train, torch.device("cpu"), generator)
    tokens = to_tokens(train.batch(slice(None)).features).flatten(0, 1).double()
    torch.testing.assert_close(statistics.mean.double(), tokens.mean(dim=0), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(statistics.std.double(), tokens.std(dim=0, correction=0), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(statistics.covariance.double(), tokens.T.corrcoef(), rtol=1e-3, atol=1e-3)


def test_the_sample_is_made_of_training_tokens(train, generator):
    statistics = token_statistics(train, torch.device("cpu"), generator)
    tokens = to_tokens(train.batch(slice(None)).features).flatten(0, 1)
    sample = statistics.sample * statistics.std + statistics.mean
    assert torch.cdist(sample, tokens).amin(dim=1).max() < 0.1


def test_a_dead_channel_does_not_blow_up(train, generator):
    train.layers[0][:, 3] = 7.0
    statistics = token_statistics(train, torch.device("cpu"), generator)
    assert statistics.std.min() > 0
    assert statistics.sample.isfinite().all()
    assert statistics.sample[:, 3].abs().max() < 1


def test_components_are_orthonormal_and_ordered_by_variance(train, generator):
    covariance = token_statistics(train, torch.device("cpu"), generator).covariance
    components = principal_components(covariance, 5)
    torch.testing.assert_close(components.T @ components, torch.eye(5), atol=1e-5, rtol=0)
    variances = (components.T @ covariance @ components).diagonal()
    assert variances.tolist() == sorted(variances.tolist(), reverse=True)


def test_whitened_tokens_have_at_most_unit_variance(train, generator):
    covariance = token_statistics(train, torch.device("cpu"), generator).covariance
    matrix = whitening(covariance)
    values = torch.linalg.eigvalsh(matrix.T @ covariance @ matrix)
    assert values.max() < 1
    assert values.max() > 0.8


def test_a_coreset_covers_the_rare(generator):
    """A single token far from 500 others is among the first two."""
    tokens = torch.cat([0.1 * torch.randn((500, 2), generator=generator), torch.tensor([[10.0, 0.0]])])
    assert 500 in covering_tokens(tokens, 2, generator).tolist()


def test_no_more_tokens_are_kept_than_there_are(generator):
    assert sorted(covering_tokens(torch.eye(3), 8, generator).tolist()) == [0, 1, 2]


def test_it_is_known_from_which_image_a_token_was_drawn(train, generator):
    statistics = token_statistics(train, torch.device("cpu"), generator)
    assert statistics.origin.bincount().tolist() == [64] * 10
    tokens = (to_tokens(train.batch([7]).features).flatten(0, 1) - statistics.mean) / statistics.std
    assert torch.cdist(statistics.sample[statistics.origin == 7], tokens).amin(dim=1).max() < 0.01


def test_moments_of_batches_are_those_of_all(generator):
    tokens, moments = torch.randn((4, 25, 3), generator=generator) + 2, Moments(3)
    for batch in tokens.split(3):
        moments.add(batch)
    flat = tokens.flatten(0, 1).double()
    torch.testing.assert_close(moments.mean, flat.mean(dim=0), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(moments.covariance, flat.T.cov(correction=0), rtol=1e-4, atol=1e-4)
