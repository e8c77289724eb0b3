//! A disk for LVM, made without LVM: its tools need a block device, and the device mapper is the host's. One group of one disk
//! with one volume, written as lvm2's "Text Format" is read.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The volume, as `GROUP/VOLUME`.
pub const VOLUME: &str = "group/root";
/// Where the volume begins on the disk, in bytes. What describes it comes before that.
pub const BEGIN: u64 = 1 << 20;

/// How large an extent is, in bytes.
const EXTENT: u64 = 1 << 20;
const SECTOR: usize = 512;
/// Where the description is: its header, and the text one sector later.
const AREA: u64 = 4096;
/// Of the disk, as its label has it, and as the text has it.
const LABEL: &str = "5unupD15k00000000000000000000000";
const DISK: &str = "5unupD-15k0-0000-0000-0000-0000-000000";

/// Describes the disk as one with a volume of so many bytes.
pub fn describe(disk: &Path, volume: u64) {
    let file = OpenOptions::new().write(true).open(disk).expect("the disk");
    let size = BEGIN + volume;
    file.set_len(size).expect("a disk of that size");
    let mut text = text(size, volume).into_bytes();
    text.push(0);
    let put = |bytes: &[u8], at: u64| file.write_all_at(bytes, at).expect("a description on the disk");
    put(&label(size), SECTOR as u64);
    put(&header(&text), AREA);
    put(&text, AREA + SECTOR as u64);
}

/// The second sector: whose disk it is, where its data begin and where its description is.
fn label(size: u64) -> Vec<u8> {
    let mut content = Vec::from(32_u32.to_le_bytes());
    content.extend(b"LVM2 001");
    content.extend(LABEL.as_bytes());
    for number in [size, BEGIN, 0, 0, 0, AREA, BEGIN - AREA, 0, 0] {
        content.extend(number.to_le_bytes());
    }
    content.resize(SECTOR - 20, 0);
    [b"LABELONE".as_slice(), &1_u64.to_le_bytes(), &checksum(&content).to_le_bytes(), &content].concat()
}

/// The sector before the text: where that is, and its sum.
fn header(text: &[u8]) -> Vec<u8> {
    let mut content = Vec::from(b" LVM2 x[5A%r0N*>");
    content.extend(1_u32.to_le_bytes());
    for number in [AREA, BEGIN - AREA, SECTOR as u64, text.len() as u64] {
        content.extend(number.to_le_bytes());
    }
    content.extend(checksum(text).to_le_bytes());
    content.resize(SECTOR - 4, 0);
    [checksum(&content).to_le_bytes().as_slice(), &content].concat()
}

fn text(size: u64, volume: u64) -> String {
    let (group, name) = VOLUME.split_once('/').expect("a group and a volume");
    let (sectors, extents) = (size / SECTOR as u64, volume / EXTENT);
    let (begin, extent) = (BEGIN / SECTOR as u64, EXTENT / SECTOR as u64);
    format!(
        r#"{group} {{
id = "5unupG-r0up-0000-0000-0000-0000-000000"
seqno = 1
format = "lvm2"
status = ["RESIZEABLE", "READ", "WRITE"]
extent_size = {extent}
max_lv = 0
max_pv = 0
physical_volumes {{
disk {{
id = "{DISK}"
status = ["ALLOCATABLE"]
dev_size = {sectors}
pe_start = {begin}
pe_count = {extents}
}}
}}
logical_volumes {{
{name} {{
id = "5unupV-01um-0000-0000-0000-0000-000000"
status = ["READ", "WRITE", "VISIBLE"]
segment_count = 1
segment1 {{
start_extent = 0
extent_count = {extents}
type = "striped"
stripe_count = 1
stripes = ["disk", 0]
}}
}}
}}
}}
contents = "Text Format Volume Group"
version = 1
"#
    )
}

/// The usual polynomial, begun and ended in LVM's own way.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
    bytes.iter().fold(0xf597_a6cf, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)))
}
