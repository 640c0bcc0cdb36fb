"""When a GPU's memory is full: which batch would have fitted."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import torch

from impasto.errors import DeviceMemoryError


def out_of_memory(
    error: torch.OutOfMemoryError, count: int, device: torch.device, run: Callable[[int], object]
) -> DeviceMemoryError:
    """What to raise instead of torch's error.

    Args:
        error: torch's, caught.
        count: How many images were too many.
        device: Whose memory is full.
        run: Does the same for some images; it is tried with one, to see what an image takes.

    Returns:
        An error that names the batch that would fit (if the device is a GPU that tells). It has "CUDA out of memory" in
        it, by which trainers that retry with smaller batches know it.
    """
    traceback.clear_frames(error.__traceback__)  # else what filled the memory is held by the error
    fits = _batch_that_fits(device, run) if device.type == "cuda" else None
    if fits is None:
        advice = "use smaller images, a smaller batch, or chunk= to run some images at a time"
    elif fits == 0:
        advice = "not even one image of this size fits now; use smaller images, or downsample=1"
    else:
        few = min(fits, count - 1)
        advice = f"about {few} at a time would fit now: use chunk={few}, or a smaller batch"
    return DeviceMemoryError(f"CUDA out of memory while stylizing {count} images: {advice} ({error})")


def _batch_that_fits(device: torch.device, run: Callable[[int], object]) -> int:
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    try:
        run(1)
        torch.cuda.synchronize(device)
    except torch.OutOfMemoryError:
        return 0
    each = max(torch.cuda.max_memory_allocated(device) - before, 1)
    free = torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(0.9 * free / each)  # a tenth is lost to fragments
