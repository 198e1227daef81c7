"""Every message a wrong study file can give, word for word: file, key, what must hold, what came."""

import datetime

import pytest

from ura_study.detectors.config import DETECTORS
from ura_study.errors import ConfigError
from ura_study.study.config import Study, validated
from ura_study.study.config_errors import shown
from ura_study.study.loading import load_study

NAME = "^[A-Za-z0-9][A-Za-z0-9._-]*$"
LAYOUTS = "'textures', 'mvtec_ad', 'btad', 'oct2017', 'visa', 'mpdd', 'mvtec_loco', 'magnetic_tile', 'elpv' or 'folder'"
DETECTORS_NAMED = ", ".join(f"'{name}'" for name in DETECTORS.loaded())


def message(tmp_path, text):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_study(path)
    told = str(caught.value)
    assert told.startswith(f"{path}: ")
    return told.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("data: {}", "study: this key is required"),
        ("{}", "study: this key is required"),
        ("studi: x", "studi: unknown key; did you mean 'study'?"),
        ("{study: x, ablation: {}}", "ablation: unknown key; did you mean 'ablations'?"),
        (
            "{study: x, zzz: 1}",
            "zzz: unknown key; expected one of ablations, base, data, evaluation, plugins, report, resources, search, "
            "seeds, study",
        ),
        (
            "{study: x, resources: {custom: {disk: 1, GPU: 2}}}",
            "resources.custom: expected names that are not Ray's own, but got GPU (there is resources.gpu)",
        ),
        ("{study: 3}", "study: expected a string, but got 3"),
        ("{study: a/b}", f"study: expected a string that matches {NAME}, but got 'a/b'"),
        ("{study: ''}", f"study: expected a string that matches {NAME}, but got ''"),
        ('{study: "x\\n"}', f"study: expected a string that matches {NAME}, but got 'x\\n'"),
        (f"{{study: {'x' * 101}}}", f"study: expected at most 100 characters, but got '{'x' * 78}…"),
        ("{study: x, 3: 4}", "3: expected a string as key, but got 3"),
        ("{study: x, null: 4}", "the file: expected a string as key, but got null"),
        (
            '{study: x, "a\\nb": 4}',
            "'a\\nb': unknown key; expected one of ablations, base, data, evaluation, plugins, ",
        ),
        ("{study: x, seeds: 3}", "seeds: expected a list, but got 3"),
        ("{study: x, seeds: '012'}", "seeds: expected a list, but got '012'"),
        ("{study: x, seeds: {0: 1}}", 'seeds: expected a list, but got {"0": 1}'),
        ("{study: x, seeds: [0, 0.5]}", "seeds.1: expected a whole number, but got 0.5"),
        ("{study: x, seeds: [true]}", "seeds.0: expected a whole number, but got true"),
        (
            "{study: x, seeds: []}",
            "seeds: seeds must be distinct and not negative, at least one, but got []",
        ),
        (
            "{study: x, seeds: [1, 1]}",
            "seeds: seeds must be distinct and not negative, at least one, but got [1, 1]",
        ),
        (
            "{study: x, seeds: [-1]}",
            "seeds: seeds must be distinct and not negative, at least one, but got [-1]",
        ),
        ("{study: x, evaluation: {fpr_limit: 2}}", "evaluation.fpr_limit: expected a number <= 1, but got 2"),
        ("{study: x, evaluation: {fpr_limit: 0}}", "evaluation.fpr_limit: expected a number > 0, but got 0"),
        ("{study: x, resources: {cpu: 0}}", "resources.cpu: expected a number >= 1, but got 0"),
        ("{study: x, resources: {gpu: '1'}}", "resources.gpu: expected a number or 'auto', but got '1'"),
        (
            "{study: x, report: {metrics: [image_ap, image_aurok]}}",
            "report.metrics: unknown metric 'image_aurok'; did you mean 'image_auroc'?",
        ),
        (
            "{study: x, report: {metrics: []}}",
            "report.metrics: metrics must be distinct, at least one, but got []",
        ),
        (
            "{study: x, report: {metrics: [image_ap, val_image_ap]}}",
            "report: metric val_image_ap needs data.validation > 0, but got 0",
        ),
        (
            "{study: x, report: {metrics: [image_f1_at_threshold]}}",
            "report: metric image_f1_at_threshold needs data.validation > 0, but got 0",
        ),
        (
            "{study: x, data: {validation: 0.2}, report: {metrics: [val_image_fpr_at_threshold]}}",
            "report.metrics: unknown metric 'val_image_fpr_at_threshold'; did you mean 'image_fpr_at_threshold'?",
        ),
        (
            "{study: x, evaluation: {threshold: {sigma: 3, quantile: 0.99}}}",
            "evaluation.threshold: expected one of sigma and quantile",
        ),
        (
            "{study: x, evaluation: {threshold: {quantile: 99}}}",
            "evaluation.threshold.quantile: expected a number <= 1, but got 99",
        ),
        ("{study: x, data: {validation: 0.6}}", "data.validation: expected a number <= 0.5, but got 0.6"),
        ("{study: x, data: {validation: -0.1}}", "data.validation: expected a number >= 0, but got -0.1"),
    ],
)
def test_top_level(tmp_path, text, told):
    got = message(tmp_path, text)
    assert got.startswith(told) if told.endswith((", ", "…")) else got == told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("3", "data: expected a mapping of keys to values, but got 3"),
        ("", "data: expected a mapping of keys to values, but got null"),
        (
            "{layout: mvtec}",
            f"data.layout: expected {LAYOUTS}, but got 'mvtec'; did you mean 'mvtec_ad'?",
        ),
        ("{layout: btat}", f"data.layout: expected {LAYOUTS}, but got 'btat'; did you mean 'btad'?"),
        (
            "{layout: folder, root: x, folder: {train: '{category}/ok'}}",
            "data.folder.train: expected a folder inside a category's own, without placeholders, "
            "but got '{category}/ok'",
        ),
        (
            "{layout: btad, root: x, elpv: {uncertain: true}}",
            "data: 'elpv' holds options of the layout 'elpv', but the layout is 'btad'",
        ),
        ("{shorter_side: 300}", "data: shorter_side needs resize: crop"),
        ("{resize: crop, shorter_side: 224}", "data: shorter_side must be at least image_size 256, but got 224"),
        ("{resize: crob}", "data.resize: expected 'square' or 'crop', but got 'crob'; did you mean 'crop'?"),
        ("{eval_size: 3000}", "data.eval_size: expected a number from 32 to 2048, or 'original', but got 3000"),
        (
            "{eval_size: original, resize: crop}",
            "data: eval_size: original needs resize: square, since a crop does not see the whole image",
        ),
        ("{layout: mvtec_ad}", "data: layout 'mvtec_ad' needs a root"),
        ("{root: /x}", "data: layout 'textures' is built in and takes no root"),
        ("{layout: mvtec_ad, root: 3}", "data.root: expected a string, but got 3"),
        ("{layout: mvtec_ad, root: ~nobody-here/x}", "data.root: no such home folder: '~nobody-here/x'"),
        ("{categories: brick}", "data.categories: expected 'all' or a list, but got 'brick'"),
        ("{categories: al}", "data.categories: expected 'all' or a list, but got 'al'; did you mean 'all'?"),
        ("{categories: [brick, 3]}", "data.categories.1: expected a string, but got 3"),
        ("{categories: []}", "data: categories must be 'all' or distinct names, at least one"),
        ("{image_size: 100}", "data.image_size: expected a multiple of 32, but got 100"),
        ("{image_size: 4096}", "data.image_size: expected a number <= 2048, but got 4096"),
        ("{image_size: '256'}", "data.image_size: expected a whole number, but got '256'"),
        ("{image_size: 256.0}", "data.image_size: expected a whole number, but got 256.0"),
        ("{image_sice: 256}", "data.image_sice: unknown key; did you mean 'image_size'?"),
    ],
)
def test_data(tmp_path, data, told):
    assert message(tmp_path, f"study: x\ndata: {data}") == told


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("[]", "base: expected a mapping of keys to values, but got []"),
        ("{featurs: {}}", "base.featurs: unknown key; did you mean 'features'?"),
        ("{1: 4}", "base.1: expected a string as key, but got 1"),
        (
            "{model: {name: draem}}",
            f'base.model: expected a mapping whose name is one of {DETECTORS_NAMED}, but got {{"name": "draem"}}',
        ),
        (
            "{model: {name: patchcor}}",
            f"base.model: expected a mapping whose name is one of {DETECTORS_NAMED}, but got "
            '{"name": "patchcor"}; did you mean \'patchcore\'?',
        ),
        (
            "{model: {name: patchcore, neighbors: 3}}",
            "base.model.neighbors: unknown key; did you mean 'neighbours'?",
        ),
        ("{model: {name: patchcore, coreset: 0}}", "base.model.coreset: expected a number > 0, but got 0"),
        ("{model: {name: patchcore, coreset: 1.5}}", "base.model.coreset: expected a number <= 1, but got 1.5"),
        ("{model: {name: patchcore, neighbours: 0}}", "base.model.neighbours: expected a number >= 1, but got 0"),
        (
            "{model: {name: patchcore, selection: gredy}}",
            "base.model.selection: expected 'greedy' or 'random', but got 'gredy'; did you mean 'greedy'?",
        ),
        (
            "{model: {name: patchcore, image_score: reweighed}}",
            "base.model.image_score: expected 'reweighted', 'max' or 'map', but got 'reweighed'; "
            "did you mean 'reweighted'?",
        ),
        ("{model: {name: pcsnet}}", "base: pcsnet is made for a few images: it needs data.shots, e.g. 4, but got none"),
        ("{model: {name: pcsnet, width: 0}}", "base.model.width: expected a number >= 1, but got 0"),
        ("{model: {name: uniad, heads: 3}}", "base.model: heads must divide width, but got heads 3 and width 256"),
        ("{model: {name: uniad, width: 15}}", "base.model.width: expected a multiple of 2, but got 15"),
        (
            "{model: {name: uniad, neighbourhood: 4}}",
            "base.model.neighbourhood: neighbourhood must be odd, or 0 for no mask, but got 4",
        ),
        (
            "{features: {map_size: 7}, model: {name: uniad}}",
            "base.model: neighbourhood 7 leaves the middle of the grid nothing to attend to: features.map_size must be "
            "at least 8, but got 7",
        ),
        (
            "{model: {name: prototypes, spatial: []}}",
            "base.model.spatial: spatial must be distinct weights, at least one, but got []",
        ),
        (
            "{model: {name: prototypes, spatial: [0.3, 0.3]}}",
            "base.model.spatial: spatial must be distinct weights, at least one, but got [0.3, 0.3]",
        ),
        ("{model: {name: prototypes, spatial: [1.5]}}", "base.model.spatial.0: expected a number <= 1, but got 1.5"),
        ("{model: {name: feature_fader, hidden: 1}}", "base.model.hidden: expected a number < 1, but got 1"),
        ("{model: {name: feature_fader, hidden: -0.1}}", "base.model.hidden: expected a number >= 0, but got -0.1"),
        ("{model: {name: feature_fader, width: 0}}", "base.model.width: expected a number >= 1, but got 0"),
        ("{model: {name: prototypes, entropy: 0}}", "base.model.entropy: expected a number > 0, but got 0"),
        ("{model: {name: prototypes, momentum: 1}}", "base.model.momentum: expected a number < 1, but got 1"),
        ("{model: {name: feature_editing, width: 12}}", "base.model.width: expected a multiple of 8, but got 12"),
        ("{model: {name: feature_editing, noise: 0}}", "base.model.noise: expected a number > 0, but got 0"),
        ("{model: {name: feature_editing, neighbours: 0}}", "base.model.neighbours: expected a number >= 1, but got 0"),
        ("{model: {name: feature_editing, coreset: 1.5}}", "base.model.coreset: expected a number <= 1, but got 1.5"),
        (
            "{features: {pooling: layers}}",
            "base.features.pooling: expected 'layer' or 'grid', but got 'layers'; did you mean 'layer'?",
        ),
        ("{model: {fusion: false}}", "base.model.fusion: expected a mapping of keys to values, but got false"),
        (
            "{model: {synthesis: {strenght: 0.3}}}",
            "base.model.synthesis.strenght: unknown key; did you mean 'strength'?",
        ),
        (
            "{model: {synthesis: {x: 0.3}}}",
            "base.model.synthesis.x: unknown key; expected one of edge, kind, max_area, min_area, share, spread, "
            "strength",
        ),
        (
            "{model: {synthesis: {kind: nois}}}",
            "base.model.synthesis: expected a mapping whose kind is one of 'noise' or false, but got "
            '{"kind": "nois"}; did you mean \'noise\'?',
        ),
        ("{model: {SynthesisSettings: {}}}", "base.model.SynthesisSettings: unknown key; did you mean 'synthesis'?"),
        ("{model: {synthesis: {strength: hi}}}", "base.model.synthesis.strength: expected a number, but got 'hi'"),
        ("{model: {synthesis: {strength: true}}}", "base.model.synthesis.strength: expected a number, but got true"),
        ("{model: {synthesis: {strength: 99}}}", "base.model.synthesis.strength: expected a number <= 10, but got 99"),
        ("{model: {synthesis: {max_area: 1}}}", "base.model.synthesis.max_area: expected a number < 1, but got 1"),
        (
            "{model: {synthesis: {min_area: 0.5}}}",
            "base.model.synthesis: min_area <= max_area must hold, but got 0.5 and 0.25",
        ),
        ("{model: {perception: {widht: 2}}}", "base.model.perception.widht: unknown key; did you mean 'width'?"),
        ("{model: {restoration: {heads: 3}}}", "base.model.restoration.heads: unknown key; expected one of depth, "),
        (
            "{model: {perception: {gate: orakel}}}",
            "base.model.perception.gate: expected 'perceived', 'open' or 'oracle', but got 'orakel'; did you mean "
            "'oracle'?",
        ),
        (
            "{model: {synthesis: 3}}",
            "base.model.synthesis: expected a mapping of keys to values or false, but got 3",
        ),
        (
            "{model: {perception: 'no'}}",
            "base.model.perception: expected a mapping of keys to values or false, but got 'no'",
        ),
        (
            "{model: {restoration: }}",
            "base.model.restoration: expected a mapping of keys to values or false, but got null",
        ),
        (
            "{model: {perception: false, restoration: false}}",
            "base.model: restoration and perception are both off, so nothing learns from synthesis; with synthesis: "
            "false, too, the score is the distance to the mean",
        ),
        ("{features: {layers: 2}}", "base.features.layers: expected a list, but got 2"),
        ("{features: {layers: [1, two]}}", "base.features.layers.1: expected a whole number, but got 'two'"),
        (
            "{features: {layers: [2, 1]}}",
            "base.features.layers: layers must be distinct, ascending and not negative, but got [2, 1]",
        ),
        ("{features: {neighbourhood: 2}}", "base.features.neighbourhood: neighbourhood must be odd, but got 2"),
        ("{features: {backbone: 3}}", "base.features.backbone: expected a string, but got 3"),
        (
            "{features: {weights: pretraind}}",
            "base.features.weights: expected 'pretrained' or 'random', but got 'pretraind'; did you mean 'pretrained'?",
        ),
        (
            "{features: {weights: 2024-01-01}}",
            "base.features.weights: expected 'pretrained' or 'random', but got '2024-01-01'",
        ),
        ("{training: {lr: .nan}}", "base.training.lr: expected a finite number, but got NaN"),
        ("{training: {clip: .inf}}", "base.training.clip: expected a finite number, but got Infinity"),
        ("{training: {steps: 2000000}}", "base.training.steps: expected a number <= 1000000, but got 2000000"),
    ],
)
def test_base(tmp_path, base, told):
    got = message(tmp_path, f"study: x\nbase: {base}")
    assert got.startswith(told) if told.endswith(" ") else got == told


@pytest.mark.parametrize(
    ("ablations", "told"),
    [
        ("[a]", 'ablations: expected a mapping of keys to values, but got ["a"]'),
        ("{a: 3}", "ablations.a: expected a mapping of keys to values, but got 3"),
        ("{a: }", "ablations.a: expected a mapping of keys to values, but got null"),
        ("{a b: {sweep: {x: [1]}}}", f"ablations.a b: expected a string that matches {NAME}, but got 'a b'"),
        ("{3: {sweep: {x: [1]}}}", "ablations.3: expected a string, but got 3"),
        ("{a: {swep: {x: [1]}}}", "ablations.a.swep: unknown key; did you mean 'sweep'?"),
        (
            "{sweep: {training.lr: [1]}}",
            "ablations.sweep.training.lr: unknown key; expected one of add_one_in, factorial, grid, leave_one_out, ",
        ),
        ("{a: {}}", "ablations.a: expected one of leave_one_out, add_one_in, factorial, sweep, grid, but got none"),
        (
            "{a: {leave_one_out: [model.synthesis], grid: {training.lr: [1]}}}",
            "ablations.a: expected one of leave_one_out, add_one_in, factorial, sweep, grid, but got leave_one_out, ",
        ),
        ("{a: {leave_one_out: []}}", "ablations.a: leave_one_out needs at least one key, and each key at least "),
        ("{a: {sweep: {}}}", "ablations.a: sweep needs at least one key, and each key at least one value"),
        ("{a: {grid: {x: []}}}", "ablations.a: grid needs at least one key, and each key at least one value"),
        ("{a: {leave_one_out: model.synthesis}}", "ablations.a.leave_one_out: expected a list, but got 'model."),
        ("{a: {leave_one_out: [3]}}", "ablations.a.leave_one_out.0: expected a string, but got 3"),
        ("{a: {sweep: [x]}}", 'ablations.a.sweep: expected a mapping of keys to values, but got ["x"]'),
        ("{a: {sweep: {training.lr: 3}}}", "ablations.a.sweep.training.lr: expected a list, but got 3"),
        (
            "{a: {grid: {model.synthesis.strength: [1], model.synthesis: [true]}}}",
            "ablations.a: a grid cannot vary both model.synthesis and model.synthesis.strength, which is a part of it",
        ),
        (
            "{a: {factorial: [model.perception, model.perception.heads]}}",
            "ablations.a: a factorial cannot vary both model.perception and model.perception.heads, which ",
        ),
        ("{a: {factorial: [model.perception]}}", "ablations.a: factorial needs 2 to 8 parts, but got 1"),
        (
            "{a: {add_one_in: [model.perception, model.perception]}}",
            "ablations.a.add_one_in: parts must be distinct, but got model.perception, model.perception",
        ),
    ],
)
def test_ablations(tmp_path, ablations, told):
    got = message(tmp_path, f"study: x\nablations: {ablations}")
    assert got.startswith(told) if told.endswith((" ", ".")) else got == told


def test_the_deepest_of_several_errors_is_told(tmp_path):
    text = "{study: x, seeds: 3, base: {model: {synthesis: {strength: 99}}}}"
    assert message(tmp_path, text) == "base.model.synthesis.strength: expected a number <= 10, but got 99"


@pytest.mark.parametrize("raw", [None, 3, "x", [], [1]])
def test_what_is_no_mapping(raw):
    with pytest.raises(ConfigError) as caught:
        validated(Study, raw, "x.yaml")
    assert str(caught.value) == f"x.yaml: the file: expected a mapping of keys to values, but got {shown(raw)}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "null"),
        ("a\nb", "'a\\nb'"),
        ([1, "x", None], '[1, "x", null]'),
        ({datetime.date(2024, 1, 1): 1}, "{}"),
        ("x" * 100, f"'{'x' * 78}…"),
    ],
)
def test_shown_values(value, text):
    assert shown(value) == text
