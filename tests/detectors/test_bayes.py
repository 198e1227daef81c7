import torch
from torch.distributions import Normal, kl_divergence

from ura_study.detectors.uranet.bayes import BayesianLinear, PointLinear


def layer(inputs=5, outputs=3, prior_std=0.7, std=0.3):
    made = BayesianLinear(inputs, outputs, prior_std, initial_std=0.05)
    made.initialise(torch.Generator().manual_seed(1))
    with torch.no_grad():
        made.bias.copy_(torch.arange(outputs))
        made.raw_std.fill_(torch.tensor(std).expm1().log())
    return made


def test_divergence_is_that_of_torch():
    made = layer()
    expected = kl_divergence(Normal(made.mean, made.std), Normal(torch.zeros(3, 5), made.prior_std)).sum()
    torch.testing.assert_close(made.divergence(made.std), expected)


def test_divergence_is_zero_at_the_prior():
    made = layer(prior_std=1.0, std=1 / 5**0.5)
    with torch.no_grad():
        made.mean.zero_()
    assert made.divergence(made.std).abs() < 1e-5


def test_sampled_activations_have_the_mean_and_variance_of_sampled_weights():
    """y = W x + b: E y = mean x + b and Var y = std² x²; 20,000 samples leave 3 % of a variance of 1 to chance."""
    made, x = layer(), torch.tensor([0.5, -1.0, 2.0, 0.0, 1.0])
    by_activation = made(x.expand(20_000, -1), made.std, torch.Generator().manual_seed(2))
    by_weight = made.sample(20_000, torch.Generator().manual_seed(3)) @ x + made.bias
    mean, variance = made.mean @ x + made.bias, made.std.square() @ x.square()
    for samples in (by_activation, by_weight):
        torch.testing.assert_close(samples.mean(dim=0), mean, atol=0.03, rtol=0)
        torch.testing.assert_close(samples.var(dim=0), variance, atol=0, rtol=0.05)


def test_a_sample_is_one_network_for_all_tokens():
    """Local reparameterisation draws anew for each token, a weight sample does not."""
    made, x = layer(), torch.ones(2, 5)
    activations = made(x, made.std, torch.Generator().manual_seed(0))
    assert not torch.equal(activations[0], activations[1])
    weights = made.sample(4, torch.Generator().manual_seed(0))
    by_weight = x @ weights.transpose(1, 2)  # (4, 2, 3)
    torch.testing.assert_close(by_weight[:, 0], by_weight[:, 1])


def test_gradients_reach_means_and_deviations():
    made = layer()
    made(torch.ones(1, 5), made.std, torch.Generator().manual_seed(0)).square().sum().backward()
    assert all(p.grad.abs().min() > 0 for p in (made.mean, made.raw_std, made.bias))


def test_a_plain_layer_starts_at_the_means_and_is_sure():
    plain, made, x = PointLinear(5, 3), layer(), torch.randn(4, 5)
    plain.initialise(torch.Generator().manual_seed(1))
    torch.testing.assert_close(plain.mean, made.mean)
    draws = torch.Generator().manual_seed(0)
    torch.testing.assert_close(plain(x, plain.std, draws), x @ plain.mean.T + plain.bias)
    assert torch.equal(plain.sample(7, draws), plain.mean[None])
    assert plain.divergence(plain.std) == 0
