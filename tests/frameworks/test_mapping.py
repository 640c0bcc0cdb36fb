"""What frameworks do to a mapping gives back a batch with all its parts: their own functions, as they are installed."""

import pytest
import torch
from expected_batches import BATCH, DATASET, record

from impasto import Batch, BatchError, BatchId, BatchKey

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def batch():
    return DATASET[BatchKey(range(BATCH), id=BatchId(1, 2))]


def whole(batch, again):
    return type(again) is Batch and record(again) == record(batch) and again.replaced == batch.replaced


def test_transformers(batch, tmp_path):
    transformers = pytest.importorskip("transformers")
    args = transformers.TrainingArguments(tmp_path, report_to=[], use_cpu=True)
    trainer = transformers.Trainer(torch.nn.Linear(1, 1), args)
    assert whole(batch, trainer._prepare_inputs(batch))


def test_accelerate(batch):
    operations = pytest.importorskip("accelerate.utils.operations")
    assert whole(batch, operations.send_to_device(batch, "cpu"))
    assert operations.send_to_device({"keys": batch.keys}, "cpu") == {"keys": batch.keys}
    assert operations.send_to_device({"batch": batch}, "meta")["batch"].images.is_meta
    assert whole(batch, operations.convert_to_fp32(batch.to(torch.bfloat16)))
    assert whole(batch, operations.concatenate([batch]))
    assert operations.find_batch_size(batch) == BATCH


def test_accelerates_dispatch(batch):
    """Its rows are of several batches, and come without a plan that would be another's."""
    operations = pytest.importorskip("accelerate.utils.operations")
    joined = operations.concatenate([batch, batch])
    made = operations.initialize_tensors(operations.get_data_structure(joined))
    assert made.images.shape == joined.images.shape
    mine = operations.slice_tensors(joined, slice(BATCH, 2 * BATCH))
    assert torch.equal(mine.images, batch.images)
    with pytest.raises(BatchError, match="dispatch_batches=False"):
        _ = mine.plan


def test_lightning(batch):
    apply = pytest.importorskip("lightning.fabric.utilities.apply_func")
    precision = pytest.importorskip("lightning.pytorch.plugins.precision")
    assert whole(batch, apply.move_data_to_device(batch, "cpu"))
    keys = apply.move_data_to_device(batch.keys, "cpu")  # as of a predict_step's output
    assert keys == batch.keys
    with pytest.raises(BatchError, match="of no batch"):
        keys()
    half = precision.HalfPrecision("bf16-true").convert_input(batch)
    assert half.images.dtype == torch.bfloat16 and half.samples.dtype == torch.int64 and whole(batch, half)


def test_torch(batch):
    from torch.utils.data._utils.pin_memory import pin_memory

    class Pinned(torch.Tensor):
        def pin_memory(self, *_):
            return self

    given = type(batch)({name: tensor.as_subclass(Pinned) for name, tensor in batch.items()})
    assert whole(batch, pin_memory(given))
