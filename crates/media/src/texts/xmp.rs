//! XMP (ISO 16684-1): `dc:title`, `dc:description` and `dc:subject` of an RDF document.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{KEYWORDS, Texts};

/// The deepest element.
const DEEPEST: usize = 64;

/// The property that an element is in.
#[derive(Clone, Copy)]
enum Property {
    Title,
    Description,
    Subject,
}

/// Reads a document. A malformed one is read up to where it is. Entities beyond XML's own are left out, so none is ever
/// expanded.
pub(super) fn read(document: &[u8]) -> Texts {
    let Ok(document) = std::str::from_utf8(document) else { return Texts::default() };
    let mut reader = Reader::from_str(document.trim_end_matches('\0'));
    let (mut texts, mut depth, mut property, mut item) = (Texts::default(), 0, None, None::<String>);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                depth += 1;
                if depth > DEEPEST {
                    break;
                }
                match start.name().as_ref() {
                    b"dc:title" => property = Some(Property::Title),
                    b"dc:description" => property = Some(Property::Description),
                    b"dc:subject" => property = Some(Property::Subject),
                    b"rdf:li" if property.is_some() => item = Some(String::new()),
                    _ => {}
                }
            }
            Ok(Event::Text(text)) => {
                if let (Some(item), Ok(text)) = (&mut item, text.decode()) {
                    item.push_str(&text);
                }
            }
            Ok(Event::CData(text)) => {
                if let (Some(item), Ok(text)) = (&mut item, text.decode()) {
                    item.push_str(&text);
                }
            }
            Ok(Event::GeneralRef(entity)) => {
                if let (Some(item), Ok(name)) = (&mut item, entity.decode()) {
                    item.extend(entity.resolve_char_ref().ok().flatten().or_else(|| of_entity(&name)));
                }
            }
            Ok(Event::End(end)) => {
                depth = depth.saturating_sub(1);
                match end.name().as_ref() {
                    b"dc:title" | b"dc:description" | b"dc:subject" => property = None,
                    b"rdf:li" => keep(property, item.take(), &mut texts),
                    _ => {}
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    texts
}

fn of_entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// Of several languages the first counts, which is the default one.
fn keep(property: Option<Property>, item: Option<String>, texts: &mut Texts) {
    let Some(item) = item.filter(|item| !item.trim().is_empty()) else { return };
    match property {
        Some(Property::Title) => {
            texts.title.get_or_insert(item);
        }
        Some(Property::Description) => {
            texts.description.get_or_insert(item);
        }
        Some(Property::Subject) if texts.keywords.len() < KEYWORDS => texts.keywords.push(item),
        _ => {}
    }
}
