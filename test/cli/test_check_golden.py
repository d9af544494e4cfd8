"""`dexterity check` refuses a golden file that is damaged together with its digest in one line."""

import io
import zipfile

import numpy as np
import pytest

NAN = float("nan")


def arrays(bundle):
    with np.load(bundle / "golden_io.npz") as golden:
        return dict(golden)


def packed(members):
    """Returns a zip archive of (name, bytes)."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in members:
            writer.writestr(name, content)
    return archive.getvalue()


def header(shape, descr="<f4"):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def pickled(bundle):
    np.savez(file := io.BytesIO(), **arrays(bundle) | {"action": np.array([{}], dtype=object)})
    return file.getvalue()


def with_action(bundle, content):
    """Returns a golden file whose observations are right and whose actions are these bytes."""
    np.save(observation := io.BytesIO(), arrays(bundle)["observation"])
    return packed([("observation.npy", observation.getvalue()), ("action.npy", content)])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda b: b"", "is damaged: BadZipFile"),
        (lambda b: (b / "golden_io.npz").read_bytes()[:-100], "is damaged"),
        (lambda b: bytes(v ^ (i == 2000) for i, v in enumerate((b / "golden_io.npz").read_bytes())), "is damaged"),
        (lambda b: packed([]), "holds [], expected ['action', 'observation']"),
        (lambda b: with_action(b, b""), "is damaged: ValueError"),
        (lambda b: with_action(b, header("[" * 9000)), "is damaged: "),
        (lambda b: with_action(b, header("(99999999999, 16)")), "action has 0 bytes for the shape (99999999999, 16)"),
        (lambda b: with_action(b, header("(0, 16)")), "expected rows of 16 float32"),
        (lambda b: with_action(b, header("(1, 15)") + b"\0" * 60), "expected rows of 16 float32"),
        (lambda b: with_action(b, header("(1, 16)", "<f8") + b"\0" * 128), "expected rows of 16 float32"),
        (lambda b: with_action(b, header("(1, 16)") + b"\0" * 64), "holds different numbers of rows"),
        (lambda b: with_action(b, header("(1, 16)") + b"\0" * 60_000_000), "bytes for the shape (1, 16)"),
        (pickled, "expected rows of 16 float32"),
    ],
)
def test_a_golden_file_that_is_damaged_with_its_digest_is_refused(copy, bundle, damage, said, refusal, sign):
    (copy / "golden_io.npz").write_bytes(damage(bundle))
    sign()
    assert said in refusal()


def test_golden_numbers_that_are_none_are_refused(copy, bundle, refusal, sign):
    golden = arrays(bundle)
    golden["action"][0, 0] = NAN
    np.savez(copy / "golden_io.npz", **golden)
    sign()
    assert "action holds numbers that are not finite" in refusal()
