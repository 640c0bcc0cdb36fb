//! Where in an image to look: drawn from its size and a random stream, before a pixel is decoded.

use super::frame::Frame;
use crate::rng::Stream;
use crate::{Error, Result};

/// How pixels are interpolated; antialiased, with Pillow's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// A triangle over one pixel each way.
    Bilinear,
    /// Keys' cubic with a = -0.5 over two pixels each way.
    Bicubic,
}

impl Filter {
    /// Reach in pixels, at scale 1.
    pub(crate) fn support(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
        }
    }
}

/// Which part of an image is used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Crop {
    /// torchvision's RandomResizedCrop.
    Random {
        /// Area of the crop as a part of the image's, low and high.
        scale: (f64, f64),
        /// Width over height, low and high.
        ratio: (f64, f64),
    },
    /// torchvision's Resize(resize) and CenterCrop.
    Center {
        /// What the short side is resized to, in pixels.
        resize: u32,
    },
    /// torchvision's Resize to the target, whatever the aspect ratio.
    None,
    /// Pillow's `ImageOps.pad`: resized to fit into the target whole, in its middle.
    Pad {
        /// RGB of the rest.
        fill: [u8; 3],
    },
}

/// Crop, size and flip of an image recipe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Geometry {
    /// The crop.
    pub crop: Crop,
    /// Target height in pixels.
    pub height: u32,
    /// Target width in pixels.
    pub width: u32,
    /// Probability of a horizontal flip, 0 to 1.
    pub hflip: f64,
    /// Interpolation.
    pub filter: Filter,
}

/// The drawn plan of one image: the source box, in pixels of the (oriented) image, and the flip.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct View {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Width of the box.
    pub width: f64,
    /// Height of the box.
    pub height: f64,
    /// Mirrored left to right after the resize.
    pub flip: bool,
    /// Whether the resize sees nothing outside the box ("crop, then resize"), or the pixels around it too ("resize,
    /// then crop").
    pub inside: bool,
}

impl Geometry {
    /// Refuses a geometry that makes no sense for any image.
    ///
    /// # Errors
    /// `Recipe`, naming the parameter.
    pub fn check(&self) -> Result<()> {
        let refuse = |message: String| Err(Error::Recipe(message));
        if self.height == 0 || self.width == 0 || self.height > 65_535 || self.width > 65_535 {
            return refuse(format!(
                "size {}x{}: sides must be 1 to 65535 pixels",
                self.width, self.height
            ));
        }
        if !(0.0..=1.0).contains(&self.hflip) {
            return refuse(format!(
                "hflip={}: must be a probability, 0 to 1",
                self.hflip
            ));
        }
        match self.crop {
            Crop::Random { scale, ratio } => {
                if !(scale.0 > 0.0 && scale.0 <= scale.1 && scale.1 <= 1.0) {
                    return refuse(format!(
                        "scale={scale:?}: must be (low, high) with 0 < low <= high <= 1"
                    ));
                }
                if !(ratio.0 > 0.0 && ratio.0 <= ratio.1 && ratio.1.is_finite()) {
                    return refuse(format!(
                        "ratio={ratio:?}: must be (low, high) with 0 < low <= high"
                    ));
                }
            }
            Crop::Center { resize } if resize == 0 || resize > 65_535 => {
                return refuse(format!("resize={resize}: must be 1 to 65535 pixels"));
            }
            Crop::Center { .. } | Crop::None | Crop::Pad { .. } => {}
        }
        Ok(())
    }

    /// Draws crop, then flip, for an image of `width` x `height` pixels. Only `stream` decides.
    pub fn draw(&self, width: u32, height: u32, stream: &mut Stream) -> View {
        let whole = View {
            left: 0.0,
            top: 0.0,
            width: f64::from(width),
            height: f64::from(height),
            flip: false,
            inside: false,
        };
        let mut view = match self.crop {
            Crop::Random { scale, ratio } => random_crop(width, height, scale, ratio, stream),
            Crop::Center { resize } => self.center_crop(width, height, resize),
            Crop::None => whole,
            Crop::Pad { .. } => self.frame(width, height).seen(self.size(), width, height),
        };
        view.flip = stream.chance(self.hflip);
        view
    }

    /// Target width and height.
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The part of the target that an image of `width` x `height` fills.
    pub(crate) fn frame(&self, width: u32, height: u32) -> Frame {
        match self.crop {
            Crop::Pad { .. } => Frame::contain(self.size(), width, height),
            _ => Frame::whole(self.size()),
        }
    }

    /// The part of an image of `width` x `height` that `view`, drawn for it, shows: without what is padding.
    ///
    /// # Errors
    /// `Recipe` when the view leaves the image otherwise.
    pub(crate) fn shown(&self, view: &View, width: u32, height: u32) -> Result<View> {
        match self.crop {
            Crop::Pad { .. } => Ok(View {
                left: 0.0,
                top: 0.0,
                width: f64::from(width),
                height: f64::from(height),
                ..*view
            }),
            _ => self.fit(view, width, height),
        }
    }

    /// Resize the short side and cut out the middle, seen from the source.
    fn center_crop(&self, width: u32, height: u32, resize: u32) -> View {
        let (short, long) = (width.min(height), width.max(height));
        // torchvision: int(size * long / short), cut off, not rounded.
        let long = (f64::from(resize) * f64::from(long) / f64::from(short)).floor();
        let (resized_width, resized_height) = if width <= height {
            (f64::from(resize), long)
        } else {
            (long, f64::from(resize))
        };
        let (step_x, step_y) = (
            f64::from(width) / resized_width,
            f64::from(height) / resized_height,
        );
        // Python's round(): halves to even.
        let left = ((resized_width - f64::from(self.width)) / 2.0).round_ties_even();
        let top = ((resized_height - f64::from(self.height)) / 2.0).round_ties_even();
        View {
            left: left * step_x,
            top: top * step_y,
            width: f64::from(self.width) * step_x,
            height: f64::from(self.height) * step_y,
            flip: false,
            inside: false,
        }
    }

    /// Checks that `view` lies in an image of `width` x `height`, and cuts off what rounding put outside.
    pub(crate) fn fit(&self, view: &View, width: u32, height: u32) -> Result<View> {
        let (width, height) = (f64::from(width), f64::from(height));
        let slack = 1e-6 * (1.0 + width.max(height));
        let fits = view.left >= -slack
            && view.top >= -slack
            && view.left + view.width <= width + slack
            && view.top + view.height <= height + slack
            && view.width > 0.0
            && view.height > 0.0;
        if !fits {
            let resized = match self.crop {
                Crop::Center { resize } => format!(" whose short side is resized to {resize}"),
                Crop::Random { .. } | Crop::None | Crop::Pad { .. } => String::new(),
            };
            return Err(Error::Recipe(format!(
                "the target {}x{} is larger than a {width}x{height} image{resized}: \
                 make resize at least as large as size",
                self.width, self.height
            )));
        }
        let (left, top) = (view.left.max(0.0), view.top.max(0.0));
        Ok(View {
            left,
            top,
            width: view.width.min(width - left),
            height: view.height.min(height - top),
            ..*view
        })
    }
}

/// torchvision's `RandomResizedCrop.get_params`: ten tries, then the largest central crop with an allowed ratio.
fn random_crop(
    width: u32,
    height: u32,
    scale: (f64, f64),
    ratio: (f64, f64),
    stream: &mut Stream,
) -> View {
    let boxed = |left: u64, top: u64, crop_width: f64, crop_height: f64| View {
        left: left as f64,
        top: top as f64,
        width: crop_width,
        height: crop_height,
        flip: false,
        inside: true,
    };
    let (w, h) = (f64::from(width), f64::from(height));
    let log_ratio = (ratio.0.ln(), ratio.1.ln());
    for _ in 0..10 {
        let area = w * h * stream.uniform(scale.0, scale.1);
        let aspect = stream.uniform(log_ratio.0, log_ratio.1).exp();
        let crop_width = (area * aspect).sqrt().round_ties_even();
        let crop_height = (area / aspect).sqrt().round_ties_even();
        if crop_width > 0.0 && crop_width <= w && crop_height > 0.0 && crop_height <= h {
            let top = stream.below((h - crop_height) as u64 + 1);
            let left = stream.below((w - crop_width) as u64 + 1);
            return boxed(left, top, crop_width, crop_height);
        }
    }
    let (crop_width, crop_height) = if w / h < ratio.0 {
        (w, (w / ratio.0).round_ties_even().clamp(1.0, h))
    } else if w / h > ratio.1 {
        ((h * ratio.1).round_ties_even().clamp(1.0, w), h)
    } else {
        (w, h)
    };
    boxed(
        (w - crop_width) as u64 / 2,
        (h - crop_height) as u64 / 2,
        crop_width,
        crop_height,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng::Purpose;

    fn geometry(crop: Crop) -> Geometry {
        Geometry {
            crop,
            height: 20,
            width: 30,
            hflip: 0.25,
            filter: Filter::Bilinear,
        }
    }

    fn stream(seed: u64) -> Stream {
        Stream::new(seed, 0, 0, Purpose::Geometry)
    }

    proptest! {
        #[test]
        fn random_boxes_lie_inside(
            size in (1u32..70_000, 1u32..70_000),
            scale in (1e-6f64..=1.0, 1e-6f64..=1.0),
            ratio in (0.01f64..100.0, 0.01f64..100.0),
            seed: u64,
        ) {
            let ordered = |(a, b): (f64, f64)| (a.min(b), a.max(b));
            let geometry = geometry(Crop::Random { scale: ordered(scale), ratio: ordered(ratio) });
            prop_assert_eq!(geometry.check(), Ok(()));
            let view = geometry.draw(size.0, size.1, &mut stream(seed));
            prop_assert!(view.width >= 1.0 && view.height >= 1.0 && view.left >= 0.0 && view.top >= 0.0);
            prop_assert!(view.left + view.width <= f64::from(size.0) && view.top + view.height <= f64::from(size.1));
            prop_assert_eq!(geometry.fit(&view, size.0, size.1), Ok(view));
        }

        /// Resizing the short side to at least the target leaves the central box inside, whatever the rounding.
        #[test]
        fn central_boxes_lie_inside(size in (1u32..5000, 1u32..5000), resize in 30u32..600) {
            let geometry = geometry(Crop::Center { resize });
            let view = geometry.draw(size.0, size.1, &mut stream(0));
            let fitted = geometry.fit(&view, size.0, size.1);
            prop_assert!(fitted.is_ok(), "{:?}", fitted);
            let middle = (view.left + view.width / 2.0) / f64::from(size.0);
            let step = f64::from(size.0) / f64::from(resize);
            prop_assert!((middle - 0.5).abs() * f64::from(size.0) <= 1.01 * step);
        }
    }

    /// torchvision draws area and log-ratio uniformly, and a corner uniformly; hence these means on a roomy image.
    #[test]
    fn random_boxes_are_drawn_as_torchvision_draws_them() {
        let geometry = geometry(Crop::Random {
            scale: (0.08, 0.5),
            ratio: (0.75, 4.0 / 3.0),
        });
        let count = 20_000;
        let views: Vec<View> = (0..count)
            .map(|seed| geometry.draw(1000, 1000, &mut stream(seed)))
            .collect();
        let mean = |of: &dyn Fn(&View) -> f64| views.iter().map(of).sum::<f64>() / count as f64;
        assert!((mean(&|v| v.width * v.height / 1e6) - 0.29).abs() < 0.004);
        assert!(mean(&|v| (v.width / v.height).ln()).abs() < 0.006);
        assert!((mean(&|v| v.left / (1000.0 - v.width)) - 0.5).abs() < 0.01);
        assert!((mean(&|v| v.top / (1000.0 - v.height)) - 0.5).abs() < 0.01);
        assert!((mean(&|v| f64::from(u8::from(v.flip))) - 0.25).abs() < 0.015);
    }

    #[test]
    fn a_target_larger_than_the_resized_image_is_refused() {
        let geometry = geometry(Crop::Center { resize: 10 });
        let view = geometry.draw(100, 100, &mut stream(0));
        let refused = geometry.fit(&view, 100, 100).expect_err("accepted");
        assert!(
            refused
                .to_string()
                .contains("make resize at least as large as size")
        );
    }
}
