//! What is drawn for an image: which operations, how strong.

use super::erase;
use super::op::{Op, Style};
use crate::rng::Stream;

/// Whose list of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ops {
    /// ALBEF's ten, which leave colors alone: levels of ten.
    Albef,
    /// torchvision's fourteen: 31 levels.
    Torchvision,
}

/// A way to draw operations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    /// RandAugment (Cubuk et al. 2019).
    RandAugment {
        /// Operations drawn, with repetition.
        n: u32,
        /// The level.
        m: f64,
        /// Whose operations.
        ops: Ops,
        /// Probability that a drawn operation is done.
        p: f64,
    },
    /// TrivialAugment (Müller and Hutter 2021), torchvision's wide space: one operation of any level.
    TrivialAugment,
    /// Factors of brightness, contrast and saturation and a turn of the hue, in a drawn order.
    ColorJitter {
        /// Probability of the four.
        p: f64,
        /// Range of the factor.
        brightness: (f64, f64),
        /// Range of the factor.
        contrast: (f64, f64),
        /// Range of the factor.
        saturation: (f64, f64),
        /// Range of the turn, in shares of the circle.
        hue: (f64, f64),
    },
    /// Luma.
    Grayscale {
        /// Probability.
        p: f64,
    },
    /// Gaussian blur.
    GaussianBlur {
        /// Probability.
        p: f64,
        /// Values of the kernel a side, odd.
        kernel: u32,
        /// Range of sigma, in pixels.
        sigma: (f64, f64),
    },
    /// A box filled with one color.
    RandomErasing {
        /// Probability.
        p: f64,
        /// Range of the share of the area.
        scale: (f64, f64),
        /// Range of height / width.
        ratio: (f64, f64),
        /// The color.
        color: [u8; 3],
    },
}

impl Policy {
    /// Draws for an image of `width` x `height` what is appended to `ops`.
    pub fn draw(&self, width: u32, height: u32, stream: &mut Stream, ops: &mut Vec<Op>) {
        match *self {
            Self::RandAugment { n, m, ops: list, p } => {
                for _ in 0..n {
                    let op = match list {
                        Ops::Albef => albef(m, stream),
                        Ops::Torchvision => torchvision(m, width, height, stream),
                    };
                    if stream.chance(p) {
                        ops.push(op);
                    }
                }
            }
            Self::TrivialAugment => ops.push(trivial(stream)),
            Self::ColorJitter {
                p,
                brightness,
                contrast,
                saturation,
                hue,
            } => {
                if !stream.chance(p) {
                    return;
                }
                let mut drawn = [
                    (Op::Brightness as fn(f64) -> Op, brightness, 1.0),
                    (Op::Contrast, contrast, 1.0),
                    (Op::Color, saturation, 1.0),
                    (Op::Hue, hue, 0.0),
                ]
                .map(|(op, (low, high), off)| {
                    let value = stream.uniform(low, high);
                    ((low, high) != (off, off)).then(|| op(value))
                });
                for last in (1..4).rev() {
                    drawn.swap(last, stream.below(last as u64 + 1) as usize);
                }
                ops.extend(drawn.into_iter().flatten());
            }
            Self::Grayscale { p } => {
                if stream.chance(p) {
                    ops.push(Op::Grayscale);
                }
            }
            Self::GaussianBlur { p, kernel, sigma } => {
                if stream.chance(p) {
                    ops.push(Op::GaussianBlur(kernel, stream.uniform(sigma.0, sigma.1)));
                }
            }
            Self::RandomErasing {
                p,
                scale,
                ratio,
                color,
            } => {
                if stream.chance(p)
                    && let Some(area) = erase::draw(width, height, scale, ratio, stream)
                {
                    ops.push(Op::Erase(area, color));
                }
            }
        }
    }
}

/// One of ALBEF's operations at level `m` of ten.
fn albef(m: f64, stream: &mut Stream) -> Op {
    let (kind, style) = (stream.below(10), Style::Albef);
    let sign = if stream.chance(0.5) { -1.0 } else { 1.0 };
    let level = m / 10.0;
    match kind {
        0 => Op::Identity,
        1 => Op::AutoContrast,
        2 => Op::Equalize,
        3 => Op::Brightness(level * 1.8 + 0.1),
        4 => Op::Sharpness(level * 1.8 + 0.1),
        5 => Op::ShearX(sign * level * 0.3, style),
        6 => Op::ShearY(sign * level * 0.3, style),
        7 => Op::TranslateX(sign * level * 10.0, style),
        8 => Op::TranslateY(sign * level * 10.0, style),
        _ => Op::Rotate(sign * level * 30.0, style),
    }
}

/// The largest magnitudes of a space of torchvision's.
struct Space {
    shear: f64,
    across: f64,
    down: f64,
    degrees: f64,
    factor: f64,
    bits: f64,
}

/// One of torchvision's operations at level `m` of 0..=30.
fn torchvision(m: f64, width: u32, height: u32, stream: &mut Stream) -> Op {
    let space = Space {
        shear: 0.3,
        across: 150.0 / 331.0 * f64::from(width),
        down: 150.0 / 331.0 * f64::from(height),
        degrees: 30.0,
        factor: 0.9,
        bits: 4.0,
    };
    space.draw(m / 30.0, stream)
}

fn trivial(stream: &mut Stream) -> Op {
    let space = Space {
        shear: 0.99,
        across: 32.0,
        down: 32.0,
        degrees: 135.0,
        factor: 0.99,
        bits: 6.0,
    };
    let level = stream.below(31) as f64 / 30.0;
    space.draw(level, stream)
}

impl Space {
    fn draw(&self, level: f64, stream: &mut Stream) -> Op {
        let (kind, style) = (stream.below(14), Style::Torchvision);
        let signed = if stream.chance(0.5) { -level } else { level };
        match kind {
            0 => Op::Identity,
            1 => Op::ShearX(signed * self.shear, style),
            2 => Op::ShearY(signed * self.shear, style),
            3 => Op::TranslateX((signed * self.across).trunc(), style),
            4 => Op::TranslateY((signed * self.down).trunc(), style),
            5 => Op::Rotate(signed * self.degrees, style),
            6 => Op::Brightness(1.0 + signed * self.factor),
            7 => Op::Color(1.0 + signed * self.factor),
            8 => Op::Contrast(1.0 + signed * self.factor),
            9 => Op::Sharpness(1.0 + signed * self.factor),
            10 => Op::Posterize(8.0 - (level * self.bits).round_ties_even()),
            11 => Op::Solarize(255.0 * (1.0 - level)),
            12 => Op::AutoContrast,
            _ => Op::Equalize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    fn draw(policy: Policy, seed: u64) -> Vec<Op> {
        let mut ops = Vec::new();
        let mut stream = Stream::new(seed, 0, 0, Purpose::Augment);
        policy.draw(200, 100, &mut stream, &mut ops);
        ops
    }

    #[test]
    fn half_of_albef_s_are_done_and_all_kinds_come() {
        let policy = Policy::RandAugment {
            n: 2,
            m: 7.0,
            ops: Ops::Albef,
            p: 0.5,
        };
        let ops: Vec<Op> = (0..10_000).flat_map(|seed| draw(policy, seed)).collect();
        assert!((9_700..10_300).contains(&ops.len()), "{}", ops.len());
        for (name, value) in [
            ("Identity", vec![]),
            ("AutoContrast", vec![]),
            ("Equalize", vec![]),
            ("Brightness", vec![1.36]),
            ("Sharpness", vec![1.36]),
            ("ShearX", vec![0.21]),
            ("ShearY", vec![0.21]),
            ("TranslateX", vec![7.0]),
            ("TranslateY", vec![7.0]),
            ("Rotate", vec![21.0]),
        ] {
            let close = |op: &&Op| {
                let values = op.values();
                let near = |(a, b): (&f64, &f64)| (a.abs() - b).abs() < 1e-9;
                op.name() == name
                    && values.len() == value.len()
                    && values.iter().zip(&value).all(near)
            };
            let count = ops.iter().filter(close).count();
            assert!((800..1200).contains(&count), "{name}: {count}");
        }
    }

    #[test]
    fn a_box_lies_in_the_image_and_has_the_area_and_ratio_asked_for() {
        let policy = Policy::RandomErasing {
            p: 1.0,
            scale: (0.02, 0.33),
            ratio: (0.3, 3.3),
            color: [1, 2, 3],
        };
        for seed in 0..1000 {
            let ops = draw(policy, seed);
            let Some(Op::Erase([left, top, width, height], _)) = ops.first() else {
                panic!("nothing was drawn")
            };
            assert!(left + width <= 200 && top + height <= 100);
            let area = f64::from(width * height) / 20_000.0;
            let ratio = f64::from(*height) / f64::from(*width);
            assert!((0.018..0.36).contains(&area), "{area}");
            assert!((0.27..3.6).contains(&ratio), "{ratio}");
        }
    }

    #[test]
    fn a_jitter_s_order_is_drawn_and_what_is_off_is_left_out() {
        let policy = Policy::ColorJitter {
            p: 1.0,
            brightness: (0.6, 1.4),
            contrast: (1.0, 1.0),
            saturation: (0.5, 1.5),
            hue: (0.0, 0.0),
        };
        let first = |seed: &u64| draw(policy, *seed)[0].name() == "Brightness";
        assert_eq!(draw(policy, 1).len(), 2);
        let count = (0..2000).filter(first).count();
        assert!((900..1100).contains(&count), "{count}");
    }
}
