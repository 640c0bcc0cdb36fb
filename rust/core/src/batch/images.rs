//! The images of a batch: each view's recipe, its pixels between the steps, and how they are mixed and written.

use crate::image::{Layout, Load, Op, Policy, Target, View};
use crate::mix::Mix;
use crate::rng::Stream;
use crate::{Error, Result};

/// How one view of every sample becomes an image of the batch.
#[derive(Debug, Clone)]
pub struct Image {
    /// From encoded bytes to `height x width` RGB.
    pub load: Load,
    /// What is drawn and done to it then.
    pub augment: Vec<Policy>,
    /// From RGB to the batch's element type and layout.
    pub target: Target,
    /// Which of the samples' views it is: the name of its random streams, which the first has from the sample alone.
    pub view: u32,
    /// Which of its patches a model is to look at; `None` draws nothing.
    pub patches: Option<PatchDrop>,
}

/// FLIP (Li et al. 2023): some patches of each image are kept, drawn anew for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatchDrop {
    /// Patches of an image.
    pub count: u32,
    /// How many of them are kept.
    pub kept: u32,
}

impl PatchDrop {
    /// The patches that are kept, in ascending order: any so many with the same chance (Floyd 1987).
    pub fn draw(&self, stream: &mut Stream) -> Vec<u32> {
        let mut kept = Vec::with_capacity(self.kept as usize);
        for last in self.count.saturating_sub(self.kept)..self.count {
            let drawn = stream.below(u64::from(last) + 1) as u32;
            let new = if kept.contains(&drawn) { last } else { drawn };
            kept.push(new);
        }
        kept.sort_unstable();
        kept
    }
}

/// What was drawn for one view of a row.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The crop and flip.
    pub view: View,
    /// The operations.
    pub ops: Vec<Op>,
    /// The patches that are kept.
    pub patches: Vec<u32>,
}

impl Image {
    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        let geometry = &self.load.geometry;
        (geometry.width as usize, geometry.height as usize)
    }

    /// Bytes of one staged image, RGB8.
    pub fn staged_bytes(&self) -> usize {
        let (width, height) = self.size();
        width * height * 3
    }

    /// Bytes of one finished image.
    pub fn bytes(&self) -> usize {
        let (width, height) = self.size();
        self.target.row_bytes(width * height)
    }

    /// Mixes a row of the staged images and writes it.
    pub(super) fn write(&self, staged: &[u8], row: usize, mix: &Mix, out: &mut [u8]) -> Result<()> {
        let size = self.staged_bytes();
        let image = |row: usize| &staged[row * size..(row + 1) * size];
        let (own, partner) = (image(row), image(mix.partner));
        let Some(cut) = mix.cut else {
            let other = mix.is_mixed(row).then_some((partner, mix.lam));
            return self.target.write(own, other, out);
        };
        let size = self.size();
        if cut.is_sharp() {
            let mut pasted = own.to_vec();
            cut.paste(partner, &mut pasted, size, 3);
            return self.target.write(&pasted, None, out);
        }
        // The element type needs its alignment, which bytes alone don't have.
        let mut within = bytemuck::allocation::zeroed_slice_box::<f32>(out.len().div_ceil(4));
        let within = &mut bytemuck::cast_slice_mut(&mut within)[..out.len()];
        self.target.write(own, Some((partner, cut.outside)), out)?;
        self.target
            .write(own, Some((partner, cut.inside)), within)?;
        let (planes, bytes) = match self.target.layout {
            Layout::Chw => (3, self.target.dtype.size()),
            Layout::Hwc => (1, 3 * self.target.dtype.size()),
        };
        let plane = (out.len() / planes).max(1);
        for (from, to) in within.chunks(plane).zip(out.chunks_mut(plane)) {
            cut.paste(from, to, size, bytes);
        }
        Ok(())
    }
}

/// The place of a row's image among the staged ones.
///
/// # Errors
/// [`Error::Recipe`] when there is no such view or row.
pub(super) fn place(
    images: &[Image],
    rows: usize,
    view: usize,
    row: usize,
) -> Result<std::ops::Range<usize>> {
    let image = images.get(view).filter(|_| row < rows).ok_or_else(|| {
        Error::Recipe(format!(
            "row {row} of view {view}: there are {rows} rows of {} views",
            images.len()
        ))
    })?;
    let size = image.staged_bytes();
    Ok(row * size..(row + 1) * size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    /// Any pair of patches is kept together as often as any other.
    #[test]
    fn every_set_of_patches_is_as_likely() {
        let (count, kept, draws) = (6, 3, 20_000);
        let mut pairs = [[0u32; 6]; 6];
        for sample in 0..draws {
            let mut stream = Stream::new(0, 0, sample, Purpose::Patches);
            let patches = PatchDrop { count, kept }.draw(&mut stream);
            assert!(patches.is_sorted() && patches.len() == 3 && patches[2] < count);
            for (at, &a) in patches.iter().enumerate() {
                patches[at + 1..]
                    .iter()
                    .for_each(|&b| pairs[a as usize][b as usize] += 1);
            }
        }
        // 20,000 draws of 3 pairs of 15: 4,000 each, standard deviation 57.
        for (a, row) in pairs.iter().enumerate() {
            assert!(
                row[a + 1..].iter().all(|&n| n.abs_diff(4000) < 300),
                "{pairs:?}"
            );
        }
    }
}
