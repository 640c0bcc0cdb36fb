//! What the targets do; `rust/core/tests/seeds.rs` includes it, and sees that each seed gets to where it is meant to.

use std::cell::RefCell;

use impasto_core::Error;
use impasto_core::image::{
    Crop, Decode, Exif, Filter, Format, Geometry, Header, Limits, Load, Restarts, Scratch,
    Truncated, decode, probe, with_restarts,
};
use impasto_core::rng::{Purpose, Stream};
use impasto_core::source::members;
use impasto_core::text::{Framing, Specials, TextScratch, Tokenizer, TokenizerFile};

thread_local! {
    // Kept from input to input, as a loader's thread keeps it: what one image leaves behind must not hurt the next.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

const LIMITS: Limits = Limits {
    max_pixels: 1 << 16,
    max_bytes: 1 << 20,
    max_scans: 20,
};
const SIZE: (u32, u32) = (11, 9);

/// Loads a random crop, as a loader's thread does.
fn load(bytes: &[u8], stream: u64, exact: bool, decode: Decode) -> Result<Vec<u8>, Error> {
    let (width, height) = SIZE;
    let geometry = Geometry {
        crop: Crop::Random {
            scale: (0.05, 1.0),
            ratio: (0.5, 2.0),
        },
        height,
        width,
        hflip: 0.5,
        filter: Filter::Bicubic,
    };
    let load = Load {
        geometry,
        decode,
        exact,
    };
    let mut stream = Stream::new(0, 0, stream, Purpose::Geometry);
    let mut out = vec![0; 3 * (width * height) as usize];
    let loaded = SCRATCH.with_borrow_mut(|scratch| load.run(bytes, &mut stream, scratch, &mut out));
    assert!(
        !matches!(loaded, Err(Error::Internal(_) | Error::Recipe(_))),
        "{loaded:?}"
    );
    loaded.map(|_| out)
}

/// Reads `bytes` as an image of a format, on every path that a loader takes; `None` where they are of another.
pub fn image(format: Format, bytes: &[u8]) -> Option<Result<(), Error>> {
    if Format::of(bytes) != Ok(format) {
        return None;
    }
    let [options, keeping] = [Truncated::Raise, Truncated::Keep].map(|truncated| Decode {
        exif: Exif::Apply,
        limits: LIMITS,
        truncated,
    });
    let header = probe(bytes);
    let whole = decode(bytes, &options);
    let kept = decode(bytes, &keeping);
    assert!(whole.is_err() || whole == kept, "a whole file is cut");
    if let (Ok(header), Ok(whole)) = (&header, &whole) {
        let pixels = whole.width as usize * whole.height as usize;
        assert_eq!(whole.data.len(), 3 * pixels);
        assert_eq!(pixels, header.width as usize * header.height as usize);
    }
    for exact in [false, true] {
        let [loaded, cut] =
            [options, keeping].map(|decode| load(bytes, bytes.len() as u64, exact, decode));
        // A scan that breaks below the crop is seen by full decoding alone.
        assert!(whole.is_err() || loaded.is_ok(), "{loaded:?}");
        assert!(kept.is_err() || cut.is_ok(), "{cut:?}");
        assert!(
            whole.is_err() || loaded == cut,
            "a crop of a whole file is cut"
        );
    }
    Some(whole.map(drop))
}

/// Writes `bytes`, a JPEG, with restart markers, and reads crops of it by jumping over the intervals between them; gives
/// how many files were written.
///
/// What is written shows what `bytes` show, whole and in every crop, and says the same of itself.
pub fn restarts(bytes: &[u8]) -> usize {
    if Format::of(bytes) != Ok(Format::Jpeg) {
        return 0;
    }
    let options = Decode {
        exif: Exif::Ignore,
        limits: LIMITS,
        truncated: Truncated::Raise,
    };
    let mut count = 0;
    for restarts in [
        Restarts::None,
        Restarts::Rows(1),
        Restarts::Mcus(1),
        Restarts::Mcus(3),
    ] {
        let written = match with_restarts(bytes, restarts, &LIMITS) {
            Ok(Some(written)) => written,
            Ok(None) => continue,
            Err(error) => {
                assert!(
                    !matches!(error, Error::Internal(_) | Error::Recipe(_)),
                    "{error:?}"
                );
                continue;
            }
        };
        count += 1;
        let (before, after) = (probe(bytes), probe(&written));
        let before = before.map(|header| Header {
            progressive: false,
            ..header
        });
        assert_eq!(before, after);
        let whole = decode(bytes, &options);
        assert!(whole.is_ok(), "{whole:?}");
        assert!(whole == decode(&written, &options), "{restarts:?}");
        for stream in 0..4 {
            let [ours, theirs] = [&written, bytes].map(|bytes| load(bytes, stream, false, options));
            assert!(ours.is_ok(), "{ours:?}");
            assert!(ours == theirs, "{restarts:?}, crop {stream}");
        }
    }
    count
}

/// Reads `bytes` as a tar shard, as they are and with the checksums that would stop a fuzzer at once set right; gives how
/// many members they have as they are.
pub fn tar(bytes: &[u8]) -> Result<usize, Error> {
    let mut tar = bytes.to_vec();
    for header in tar.chunks_exact_mut(512) {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    let _ = members_in_order(&tar);
    members_in_order(bytes)
}

fn members_in_order(bytes: &[u8]) -> Result<usize, Error> {
    let (members, _) = members(bytes, "a.tar")?;
    let mut last = 0;
    for member in &members {
        assert!(member.offset >= last);
        last = member.offset + member.len;
        assert!(last <= bytes.len() as u64);
    }
    Ok(members.len())
}

/// Reads `bytes` as a `tokenizer.json`, and tokenises what it could trip over; gives what in it is not known.
pub fn tokenizer_file(bytes: &[u8]) -> Result<(), String> {
    let file = TokenizerFile::read(bytes).map_err(|error| error.to_string())?;
    let tokenizer = Tokenizer::File(file.tokenizer?);
    let spelled = tokenizer.decode(&[0, 1, 2, u32::MAX]);
    for text in [
        "",
        " The cat's  [MASK]\u{3000}\u{E9}t\u{E9}\n\n<|startoftext|>!",
        "e\u{301}\u{4E2D}\u{FB01}\u{345}\u{17F}",
        &spelled,
        &spelled.repeat(40),
    ] {
        tokenize(&tokenizer, text);
    }
    Ok(())
}

/// Tokenises `text` in both readings of special tokens; ids and rows must be those of the vocabulary.
pub fn tokenize(tokenizer: &Tokenizer, text: &str) {
    let mut scratch = TextScratch::default();
    for specials in [Specials::Text, Specials::Parse] {
        let mut ids = Vec::new();
        tokenizer.encode(text, specials, &mut scratch, &mut ids);
        assert!(
            ids.iter()
                .all(|&id| (id as usize) < tokenizer.vocabulary_size())
        );
        let (begin, end) = tokenizer.ends();
        let marks = begin.len() + end.len();
        let length = 16.max(marks);
        let framing = Framing {
            length,
            pad_id: -1,
            specials,
            end: true,
        };
        let (mut row, mut mask) = (vec![7; length], vec![7; length]);
        let counts = tokenizer.write_row(text, &framing, &mut scratch, &mut row, &mut mask);
        assert_eq!(
            counts.used as usize + counts.lost as usize,
            ids.len() + marks,
            "{ids:?}"
        );
        for (at, (id, on)) in row.iter().zip(mask).enumerate() {
            assert_eq!(on, i64::from(at < counts.used as usize));
            assert_eq!(*id == -1, on == 0);
        }
    }
}
