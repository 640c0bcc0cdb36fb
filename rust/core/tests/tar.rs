//! The tar reader on whole, cut and arbitrary bytes.

use impasto_core::source::{Member, members};
use proptest::prelude::*;

/// A ustar archive as Python's tarfile writes one, written here from the format's description (POSIX pax, "ustar").
fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, body) in files {
        let mut header = [0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", body.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar.extend(header);
        tar.extend(body);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

fn files() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    prop::collection::vec(
        (
            "[a-z0-9/]{1,40}\\.(jpg|txt)",
            prop::collection::vec(any::<u8>(), 0..1200),
        ),
        0..5,
    )
}

fn holds(tar: &[u8], member: &Member, (name, body): &(String, Vec<u8>)) -> bool {
    member.name == *name && tar[member.offset as usize..][..member.len as usize] == body[..]
}

/// GNU tar writes sizes past 8 GiB in base 256; a checksum or a size so written must be judged, not believed.
#[test]
fn numbers_in_base_256_are_read() {
    let mut tar = archive(&[("a.jpg".into(), vec![7; 5])]);
    tar[148] = 0x80;
    let refused = members(&tar[..], "a.tar").expect_err("accepted");
    assert!(refused.to_string().contains("no tar header at byte 0"));

    let sized = |size: [u8; 12]| {
        let mut tar = archive(&[("a.jpg".into(), vec![7; 5])]);
        tar[124..136].copy_from_slice(&size);
        tar[148..156].fill(b' ');
        let sum: u32 = tar[..512].iter().map(|byte| u32::from(*byte)).sum();
        tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        members(&tar[..], "a.tar")
    };
    let (found, cut) = sized([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]).expect("a tar");
    assert_eq!((found[0].len, cut), (5, None));
    let (found, cut) = sized([0x80, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0]).expect("a cut tar");
    assert!(found.is_empty() && cut.is_some());
    assert!(sized([0xff; 12]).is_err());
}

proptest! {
    #[test]
    fn members_are_the_files_and_a_cut_keeps_the_whole_ones(files in files(), cut: prop::sample::Index) {
        let tar = archive(&files);
        let (found, error) = members(&tar[..], "a.tar").expect("a tar");
        prop_assert_eq!((found.len(), error), (files.len(), None));
        prop_assert!(found.iter().zip(&files).all(|(member, file)| holds(&tar, member, file)));

        let data = tar.len() - 1024;
        let cut = cut.index(data + 512);
        let (kept, error) = members(&tar[..cut], "a.tar").expect("the start of a tar");
        prop_assert!(error.is_some_and(|error| error.to_string().contains("is cut")));
        let whole = found.iter().filter(|member| (member.offset + member.len) as usize <= cut).count();
        prop_assert_eq!(&kept[..], &found[..whole]);
    }

    #[test]
    fn arbitrary_bytes_are_survived(
        files in files(),
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let mut tar = archive(&files);
        for (at, byte) in wrong {
            let at = at.index(tar.len());
            tar[at] = byte;
        }
        if let Ok((found, _)) = members(&tar[..], "a.tar") {
            prop_assert!(found.iter().all(|member| member.offset + member.len <= tar.len() as u64));
        }
    }
}
