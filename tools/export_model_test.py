"""What was exported answers like NAP's network and like an independent one with its parameters.

export_model_test.py FOLDER...: with trained_network_for_tests's reference.pt, and model.pt.
"""

import importlib.util
import sys

import torch

import darts_network

PUBLISHED = {  # DARTS's own counts: channels, cells, classes, imagenet, auxiliary
    ('DARTS_V1', 36, 20, 10, False, False): 3169414,
    ('DARTS_V1', 48, 14, 1000, True, False): 4510432,
    ('DARTS_V2', 36, 20, 10, False, False): 3349342,
    ('DARTS_V2', 36, 20, 10, False, True): 3825768,
    ('DARTS_V2', 48, 14, 1000, True, False): 4718752,
}


def check_near(what, actual, expected):
    assert actual.shape == expected.shape, (what, actual.shape, expected.shape)
    error = ((actual - expected).abs().max() / expected.abs().max()).item()
    assert error < 1e-4, '%s: relative error %g' % (what, error)
    return error


def shape_of(state):
    """Channels, cells and classes, as the parameters' shapes tell them, and which stem it is."""
    cells = 1 + max(int(name[4:].split('.')[0]) for name in state if name.startswith('cell'))
    imagenet = 'stem.conv1.weight' in state
    stem = state['stem.conv0.weight'].size(0)
    channels = state['stem.conv2.weight'].size(0) if imagenet else stem // 3
    return channels, cells, state['classifier.bias'].numel(), imagenet


@torch.no_grad()
@torch.jit.optimized_execution(False)  # compiling a script takes longer, and for ever on Debian 13
def check(folder):
    reference = torch.load(folder + '/reference.pt', weights_only=False)
    model = torch.jit.load(folder + '/model.pt')
    images = reference['images']
    spread = (reference['logits'].std(0).max() / reference['logits'].abs().max()).item()
    assert spread > 0.02, 'images that all get one answer prove nothing: %g' % spread

    # TorchScript.
    model.eval()
    errors = [check_near('TorchScript', model(images), reference['logits'])]
    check_near('TorchScript, one image', model(images[1:2]), reference['logits'][1:2])
    check_near('TorchScript, float64', model.to(torch.float64)(images.double()).float(),
               reference['logits'])
    model.to('cpu', torch.float32)
    assert model.class_names == ['ant', 'bee', 'cat', 'dog', 'elk']
    assert model.image_size == images.size(2)
    assert torch.tensor(model.mean).equal(torch.tensor([0.4914, 0.4822, 0.4465]))
    assert torch.tensor(model.stddev).equal(torch.tensor([0.2470, 0.2435, 0.2616]))

    # Plain PyTorch with the exported parameters.
    genotype = darts_network.parse_genotype(model.genotype)
    network = darts_network.Network(genotype, *shape_of(model.state_dict()))
    network.load_state_dict(model.state_dict())  # strict: the same names and shapes
    network.eval()
    errors.append(check_near('plain PyTorch', network(images)[0], reference['logits']))

    # What was exported for PyTorch is complete by itself: its own copy of the module, weights and
    # all, which a training goes on with.
    spec = importlib.util.spec_from_file_location('exported', folder + '/pytorch/darts_network.py')
    exported = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(exported)
    network = exported.load(folder + '/pytorch')
    assert not network.training
    errors.append(check_near('loaded', network(images)[0], reference['logits']))
    assert network.description['class_names'] == model.class_names
    network.train()
    logits, auxiliary_logits = network(images)
    errors.append(check_near('loaded, in training', logits, reference['training_logits']))
    check_near('loaded, auxiliary head', auxiliary_logits, reference['auxiliary_logits'])
    with torch.enable_grad():
        logits, auxiliary_logits = network(images)
        (logits.square().sum() + auxiliary_logits.square().sum()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad.abs().max() > 0, name

    # In training, with the auxiliary head, from the network's own parameters.
    state = {name[6:]: value for name, value in reference.items() if name.startswith('state.')}
    network = darts_network.Network(genotype, *shape_of(state), auxiliary=True)
    network.load_state_dict(state)
    logits, auxiliary_logits = network(images)
    errors.append(check_near('in training', logits, reference['training_logits']))
    errors.append(check_near('auxiliary head', auxiliary_logits, reference['auxiliary_logits']))
    print('%s: relative errors %s' % (folder, ', '.join('%.1e' % error for error in errors)))


@torch.no_grad()
def check_drop_path():
    torch.manual_seed(0)
    dropped = darts_network.drop_path(torch.ones(20000, 2, 1, 1), 0.3)
    assert dropped[:, 0].equal(dropped[:, 1])
    assert set(dropped.unique().tolist()) == {0.0, torch.tensor(1 / 0.7).item()}
    assert abs(dropped.mean().item() - 1) < 0.02


def main():
    for (name, *shape), count in PUBLISHED.items():
        genotype = darts_network.parse_genotype(darts_network.GENOTYPES[name])
        built = darts_network.parameter_count(darts_network.Network(genotype, *shape))
        assert built == count, (name, shape, built)
    check_drop_path()
    for folder in sys.argv[1:]:
        check(folder)


if __name__ == '__main__':
    main()
