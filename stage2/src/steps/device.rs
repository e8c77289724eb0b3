//! `LABEL=`, `UUID=`, `PARTLABEL=`, `PARTUUID=`, `ID=`: names of devices, which udev turns into links.

/// The path that an fstab source means.
pub(super) fn resolve(source: &str) -> String {
    let Some((tag, value)) = source.split_once('=') else { return source.to_owned() };
    let value = value.trim_matches('"');
    match tag {
        "LABEL" => format!("/dev/disk/by-label/{}", encode(value)),
        "UUID" => format!("/dev/disk/by-uuid/{}", uuid(value)),
        "PARTLABEL" => format!("/dev/disk/by-partlabel/{}", encode(value)),
        "PARTUUID" => format!("/dev/disk/by-partuuid/{}", value.to_ascii_lowercase()),
        "ID" => format!("/dev/disk/by-id/{}", encode(value)),
        _ => source.to_owned(),
    }
}

/// UUIDs are lower case in /dev; the short serial numbers of FAT and NTFS are upper case.
fn uuid(value: &str) -> String {
    if value.len() == 36 { value.to_ascii_lowercase() } else { value.to_owned() }
}

/// udev's names: what is not a letter, a digit, one of `#+-.:=@_` or beyond ASCII is `\xHH`.
fn encode(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        if c.is_ascii_alphanumeric() || "#+-.:=@_".contains(c) || !c.is_ascii() {
            out.push(c);
        } else {
            out.push_str(&format!("\\x{:02x}", u32::from(c)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::resolve;

    /// Tags become links, everything else stays.
    #[test]
    fn tags() {
        assert_eq!(resolve("LABEL=my disk/1"), "/dev/disk/by-label/my\\x20disk\\x2f1");
        assert_eq!(
            resolve("UUID=\"0A1B2C3D-0000-4000-8000-00000000000F\""),
            "/dev/disk/by-uuid/0a1b2c3d-0000-4000-8000-00000000000f"
        );
        assert_eq!(resolve("UUID=1A2B-3C4D"), "/dev/disk/by-uuid/1A2B-3C4D");
        assert_eq!(resolve("PARTUUID=AB-01"), "/dev/disk/by-partuuid/ab-01");
        assert_eq!(resolve("/dev/sda1"), "/dev/sda1");
        assert_eq!(resolve("server:/export=1"), "server:/export=1");
    }
}
