"""`dexterity check` refuses a network that is damaged together with its digest in one line."""

import pytest
import yaml

onnx = pytest.importorskip("onnx")

from dexterity_ros.cli.check import check
from dexterity_ros.cli.options.check import CheckOptions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"control_rate_hz": ' + "9" * 6000 + "}", "is not JSON"),
        ("[]", "expected a JSON object"),
        ("null", "expected a JSON object"),
        ('{"joint_names": {"\\u001b[2J": 1}}', "joint_names in policy.onnx"),
    ],
)
def test_metadata_that_is_damaged_with_its_digest_is_refused(copy, text, said, refusal, sign):
    model = onnx.load(str(copy / "policy.onnx"))
    onnx.helper.set_model_props(model, {"dexterity_ros.contract": text})
    onnx.save(model, str(copy / "policy.onnx"))
    sign()
    assert said in refusal()


@pytest.mark.parametrize("shape", [None, [], ["batch"], ["batch", "width"], ["batch", 0]])
def test_a_network_whose_ports_are_not_what_the_manifest_says_is_refused(copy, shape, refusal, sign):
    model = onnx.load(str(copy / "policy.onnx"))
    kind = onnx.TensorProto.FLOAT
    model.graph.input.append(onnx.helper.make_tensor_value_info("state", kind, shape))
    onnx.save(model, str(copy / "policy.onnx"))
    sign()
    line = refusal()
    assert "ports" in line or "width" in line


def test_a_network_that_cannot_run_is_refused(copy, bundle, refusal, sign):
    from onnx import TensorProto, helper

    stored = onnx.load(str(bundle / "policy.onnx")).metadata_props
    node = helper.make_node("Reshape", ["observation", "shape"], ["action"])
    graph = helper.make_graph(
        [node],
        "broken",
        [helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["batch", 94])],
        [helper.make_tensor_value_info("action", TensorProto.FLOAT, ["batch", 16])],
        [helper.make_tensor("shape", TensorProto.INT64, [2], [7, 16])],
    )
    manifest = yaml.safe_load((copy / "manifest.yaml").read_text())
    width = sum(term["width"] for term in manifest["observation"]["terms"])
    graph.input[0].type.tensor_type.shape.dim[1].dim_value = width
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {entry.key: entry.value for entry in stored})
    onnx.save(model, str(copy / "policy.onnx"))
    sign()
    assert "ONNX Runtime cannot" in refusal()


def test_a_manifest_that_was_changed_after_the_export_is_refused(copy, manifest, capsys, refusal, sign, edit):
    from dexterity_ros.contracts.manifest import load_manifest

    model = onnx.load(str(copy / "policy.onnx"))
    known = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, known | {"dexterity_ros.manifest_sha256": load_manifest(copy).digest})
    onnx.save(model, str(copy / "policy.onnx"))
    sign()
    assert check(CheckOptions(bundle=copy)) == 0
    capsys.readouterr()
    edit(manifest, lambda m: m.update(results={"note": "measured again"}))
    assert check(CheckOptions(bundle=copy)) == 0
    capsys.readouterr()
    edit(manifest, lambda m: m.update(latency_s=[0.0, 0.5]))
    assert "it was changed since" in refusal()
