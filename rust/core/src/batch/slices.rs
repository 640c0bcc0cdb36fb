//! Memory of a batch, row by row.

use super::Image;

/// For each row, what buffers hold of its views.
pub(super) fn by_row<'a, B: AsMut<[u8]>>(
    views: &[Image],
    buffers: &'a mut [B],
    bytes: fn(&Image) -> usize,
) -> impl Iterator<Item = Vec<&'a mut [u8]>> {
    let chunks =
        |(buffer, view): (&'a mut B, &Image)| buffer.as_mut().chunks_exact_mut(bytes(view));
    let mut chunks: Vec<_> = buffers.iter_mut().zip(views).map(chunks).collect();
    std::iter::from_fn(move || chunks.iter_mut().map(Iterator::next).collect())
}

/// `count` chunks of `length`, also when `length` is 0.
pub(super) fn chunks<T>(buffer: &mut [T], length: usize, count: usize) -> Vec<&mut [T]> {
    match length {
        0 => (0..count).map(|_| <&mut [T]>::default()).collect(),
        _ => buffer.chunks_exact_mut(length).collect(),
    }
}
