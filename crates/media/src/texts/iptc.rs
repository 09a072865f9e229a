//! IPTC's Information Interchange Model, in the resources that Photoshop writes.

use super::Texts;

/// The resource with the datasets.
const DATASETS: u16 = 0x0404;

/// Record and number of datasets.
const CHARSET: (u8, u8) = (1, 90);
const TITLE: (u8, u8) = (2, 5);
const KEYWORD: (u8, u8) = (2, 25);
const CAPTION: (u8, u8) = (2, 120);

/// What says that the texts are UTF-8.
const UTF8: &[u8] = b"\x1b%G";

/// Reads the resources.
pub(super) fn read(mut resources: &[u8]) -> Texts {
    while let Some((kind, data, rest)) = next_resource(resources) {
        if kind == DATASETS {
            return read_datasets(data);
        }
        resources = rest;
    }
    Texts::default()
}

/// The kind and the data of the first resource, and what follows it.
fn next_resource(resources: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let rest = resources.strip_prefix(b"8BIM")?;
    let (kind, rest) = rest.split_first_chunk()?;
    // A name with its length, together an even number of bytes.
    let name = 1 + usize::from(*rest.first()?);
    let rest = rest.get(name.next_multiple_of(2)..)?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (data, rest) = rest.split_at_checked(length)?;
    Some((u16::from_be_bytes(*kind), data, rest.get(length % 2..).unwrap_or_default()))
}

fn read_datasets(mut data: &[u8]) -> Texts {
    let (mut texts, mut is_utf8) = (Texts::default(), false);
    while let Some(([0x1C, record, number, high, low], rest)) =
        data.split_first_chunk::<5>().map(|(head, rest)| (*head, rest))
    {
        // The highest bit says that the length has another form, which none of these needs.
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some((value, rest)) = rest.split_at_checked(length).filter(|_| high & 0x80 == 0) else { break };
        let text = || of_bytes(value, is_utf8);
        match (record, number) {
            CHARSET => is_utf8 = value == UTF8,
            TITLE => texts.title = Some(text()),
            KEYWORD => texts.keywords.push(text()),
            CAPTION => texts.description = Some(text()),
            _ => {}
        }
        data = rest;
    }
    texts
}

fn of_bytes(value: &[u8], is_utf8: bool) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) if is_utf8 => String::from_utf8_lossy(value).into_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    }
}
