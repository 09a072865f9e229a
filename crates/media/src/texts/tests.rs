use proptest::prelude::*;

use super::*;

const XMP: &str = r#"<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
  xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/">
  <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Tom &amp; &#74;erry</rdf:li><rdf:li xml:lang="de">Nein</rdf:li></rdf:Alt></dc:title>
  <dc:subject><rdf:Bag><rdf:li>cat</rdf:li><rdf:li>derp</rdf:li></rdf:Bag></dc:subject>
  </rdf:Description></rdf:RDF></x:xmpmeta>"#;

fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).expect("it is short").to_be_bytes();
    [&[0xFF, marker], &length[..], payload].concat()
}

fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    [&[0xFF, 0xD8], segments.concat().as_slice(), &[0xFF, 0xDA, 0, 2]].concat()
}

fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("it is short").to_be_bytes();
    [&length[..], &kind, data, &[0; 4]].concat()
}

fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), &chunks.concat()].concat()
}

fn dataset(record: u8, number: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("it is short").to_be_bytes();
    [&[0x1C, record, number], &length[..], value].concat()
}

fn iptc(datasets: &[Vec<u8>]) -> Vec<u8> {
    let data = datasets.concat();
    let length = u32::try_from(data.len()).expect("it is short").to_be_bytes();
    let other = b"8BIM\x04\x25\0\0\0\0\0\x01x\0";
    [b"Photoshop 3.0\0".as_slice(), other, b"8BIM\x04\x04\0\0", &length, &data].concat()
}

/// EXIF with a description and Windows' fields.
fn exif(description: &[u8], title: &str, keywords: &str) -> Vec<u8> {
    let wide = |text: &str| text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let fields =
        [(0x010E_u16, 2_u16, description.to_vec()), (0x9C9B, 1, wide(title)), (0x9C9E, 1, wide(keywords))];
    let mut data_at = 8 + 2 + 12 * fields.len() + 4;
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (tag, kind, value) in fields {
        entries.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        entries.extend(u32::try_from(value.len()).expect("it is short").to_le_bytes());
        // Values of up to four bytes stand in the entry.
        if value.len() <= 4 {
            entries.extend([value.as_slice(), &vec![0; 4 - value.len()]].concat());
            continue;
        }
        entries.extend(u32::try_from(data_at).expect("it is short").to_le_bytes());
        data_at += value.len();
        data.extend(value);
    }
    [b"Exif\0\0II\x2a\0\x08\0\0\0\x03\0".as_slice(), &entries, &[0; 4], &data].concat()
}

fn texts(title: &str, description: Option<&str>, keywords: &[&str]) -> Texts {
    Texts {
        title: Some(title.to_owned()),
        description: description.map(str::to_owned),
        keywords: keywords.iter().map(|&word| word.to_owned()).collect(),
    }
}

#[test]
fn each_standard_is_read() {
    let xmp = segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", XMP.as_bytes()].concat());
    assert_eq!(Texts::of(&jpeg(std::slice::from_ref(&xmp))), texts("Tom & Jerry", None, &["cat", "derp"]));

    let datasets =
        [dataset(1, 90, b"\x1b%G"), dataset(2, 5, "Kätzchen".as_bytes()), dataset(2, 25, b"tabby")];
    let iptc_segment = segment(0xED, &iptc(&datasets));
    assert_eq!(Texts::of(&jpeg(&[iptc_segment])), texts("Kätzchen", None, &["tabby"]));

    let exif_segment = segment(0xE1, &exif(b"Asleep on a chair\0", "Nap", "cat;nap"));
    let read = Texts::of(&jpeg(std::slice::from_ref(&exif_segment)));
    assert_eq!(read, texts("Nap", Some("Asleep on a chair"), &["cat", "nap"]));

    let both = Texts::of(&jpeg(&[exif_segment, xmp]));
    assert_eq!(both, texts("Tom & Jerry", Some("Asleep on a chair"), &["cat", "derp"]));

    let international = [b"Title\0\0\0de\0Titel\0".as_slice(), "Kätzchen".as_bytes()].concat();
    let chunks = [chunk(*b"iTXt", &international), chunk(*b"tEXt", b"Description\0On a radiator")];
    assert_eq!(Texts::of(&png(&chunks)), texts("Kätzchen", Some("On a radiator"), &[]));

    let packed = [b"Title\0\x01\0\0\0".as_slice(), b"not read"].concat();
    assert_eq!(Texts::of(&png(&[chunk(*b"iTXt", &packed)])), Texts::default());
}

#[test]
fn what_cameras_write_is_no_description() {
    let camera = segment(0xE1, &exif(b"OLYMPUS DIGITAL CAMERA         \0", "", ""));
    assert_eq!(Texts::of(&jpeg(&[camera])), Texts::default());
}

#[test]
fn an_empty_text_hides_none_of_another_standard() {
    let empty = segment(0xED, &iptc(&[dataset(2, 5, b" "), dataset(2, 120, b""), dataset(2, 25, b" ")]));
    let read = Texts::of(&jpeg(&[empty, segment(0xE1, &exif(b"Asleep on a chair\0", "Nap", "cat"))]));
    assert_eq!(read, texts("Nap", Some("Asleep on a chair"), &["cat"]));
}

#[test]
fn old_texts_are_latin_1() {
    let caption = dataset(2, 120, b"K\xe4tzchen");
    assert_eq!(
        Texts::of(&jpeg(&[segment(0xED, &iptc(&[caption]))])).description.as_deref(),
        Some("Kätzchen")
    );
}

#[test]
fn entities_are_never_expanded() {
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><dc:title><rdf:li>x&b;y</rdf:li></dc:title>"#;
    let read = xmp::read(bomb.as_bytes());
    assert_eq!(read.title.as_deref(), Some("xy"));
    let deep = "<a>".repeat(1000);
    assert_eq!(xmp::read(deep.as_bytes()), Texts::default());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0..6) {
        let picture = match kind {
            0 => jpeg(&[segment(0xE1, &[b"Exif\0\0", bytes.as_slice()].concat())]),
            1 => jpeg(&[segment(0xED, &[b"Photoshop 3.0\08BIM\x04\x04\0\0", bytes.as_slice()].concat())]),
            2 => png(&[chunk(*b"iTXt", &bytes)]),
            3 => [b"RIFF\0\0\0\0WEBP".as_slice(), &bytes].concat(),
            4 => [b"\xff\xd8\xff".as_slice(), &bytes].concat(),
            _ => jpeg(&[segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", bytes.as_slice()].concat())]),
        };
        let texts = Texts::of(&picture);
        prop_assert!(texts.keywords.len() <= KEYWORDS);
    }
}
