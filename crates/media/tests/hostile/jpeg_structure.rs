//! JPEG: invalid tables, scans and restart intervals.

use crate::{
    case::{Case, case, run, run_recorded},
    expected::{DAMAGED, Expected},
    jpeg_file::{DHT, DQT, DRI, Jpeg, SOF2, SOS, Segment},
};

const WHOLE: Expected = Expected::Rendered(320, 240);
const BOUNDED: Expected = Expected::Bounded(320, 240);

fn photo() -> Jpeg {
    Jpeg::photo()
}

fn tables() -> Vec<Case> {
    let codes = |counts: [u8; 16], values: usize| {
        photo().with(DHT, |table| table.payload = [&[0][..], &counts, &vec![1; values]].concat())
    };
    let mut many_short = [0; 16];
    many_short[0] = 200;
    let mut too_many = [0; 16];
    too_many[7..].fill(255);
    let mut three_of_one_bit = [0; 16];
    three_of_one_bit[0] = 3;
    let mut all_ones = [0; 16];
    all_ones[0] = 2;
    let quantize = |at: usize, byte: u8| photo().with(DQT, |table| table.payload[at] = byte);
    vec![
        case("no Huffman tables", photo().without(DHT), BOUNDED),
        case("an empty Huffman segment", photo().with(DHT, |table| table.payload.clear()), BOUNDED),
        case("a Huffman table of no codes", codes([0; 16], 0), BOUNDED),
        case("three codes of one bit", codes(three_of_one_bit, 3), BOUNDED),
        case("the code of ones alone", codes(all_ones, 2), BOUNDED),
        case("200 codes of one bit", codes(many_short, 200), BOUNDED),
        case("2,295 codes", codes(too_many, 2_295), BOUNDED),
        case("fewer values than codes", photo().with(DHT, |table| table.payload.truncate(20)), BOUNDED),
        case("half of the counts", photo().with(DHT, |table| table.payload.truncate(9)), BOUNDED),
        case("a Huffman table for place 15", photo().with(DHT, |table| table.payload[0] = 0x0F), BOUNDED),
        case("a Huffman table of class 15", photo().with(DHT, |table| table.payload[0] = 0xF0), BOUNDED),
        case("differences of 255 bits", photo().with(DHT, |table| table.payload[17..].fill(255)), BOUNDED),
        case("no quantization tables", photo().without(DQT), BOUNDED),
        case("an empty quantization segment", photo().with(DQT, |table| table.payload.clear()), BOUNDED),
        case("half of a quantization table", photo().with(DQT, |table| table.payload.truncate(33)), BOUNDED),
        case("quantization by 0", photo().with(DQT, |table| table.payload[1..65].fill(0)), BOUNDED),
        case("quantization by 255", photo().with(DQT, |table| table.payload[1..65].fill(255)), WHOLE),
        case("a quantization table for place 15", quantize(0, 0x0F), BOUNDED),
        case("a quantization table of 15 times 8 bits", quantize(0, 0xF0), BOUNDED),
        case("quantization by 65,535", quantization_of_sixteen_bits(), BOUNDED),
        case("a thousand tables in a row", photo().led_by(vec![photo().first(DHT).clone(); 1_000]), WHOLE),
        case("4,000 tables in one segment", crowded_tables(), BOUNDED),
    ]
}

fn quantization_of_sixteen_bits() -> Vec<u8> {
    photo().with(DQT, |table| table.payload = [&[0x10][..], &[0xFF; 128]].concat())
}

/// A segment that defines the same empty table repeatedly.
fn crowded_tables() -> Vec<u8> {
    photo().led_by([Segment::new(DHT, [0; 17].repeat(3_800))])
}

fn scans() -> Vec<Case> {
    let scan = |at: usize, byte: u8| photo().with(SOS, |scan| scan.payload[at] = byte);
    let progressive = |at: usize, byte: u8| {
        Jpeg::progressive().with(SOS, |scan| {
            let from_end = scan.payload.len() - at;
            scan.payload[from_end] = byte;
        })
    };
    let data = |data: Vec<u8>| photo().with(SOS, |scan| scan.data = data);
    let shorter = || photo().with(SOS, |scan| scan.data.truncate(scan.data.len() / 2));
    vec![
        case("a scan of no components", scan(0, 0), BOUNDED),
        case("a scan of four of three components", scan(0, 4), BOUNDED),
        case("a scan of 255 components", scan(0, 255), BOUNDED),
        case("a scan of an unknown component", scan(1, 77), BOUNDED),
        case("a scan of one component twice", scan(3, 1), BOUNDED),
        case("a scan with table 15", scan(2, 0xFF), BOUNDED),
        case("a scan with a table that isn't there", scan(2, 0x33), BOUNDED),
        case("a scan header that is cut", photo().with(SOS, |scan| scan.payload.truncate(2)), BOUNDED),
        case("no data", data(Vec::new()), DAMAGED),
        case("half of the data", shorter(), DAMAGED),
        case("data of zeros", data(vec![0; 60_000]), BOUNDED),
        case("data of ones", data([0xFF, 0].repeat(30_000)), BOUNDED),
        case("nothing but restart markers", data([0xFF, 0xD0].repeat(30_000)), BOUNDED),
        case("data twice", photo().with(SOS, |scan| scan.data.extend(scan.data.clone())), BOUNDED),
        case("from coefficient 63 to 0", progressive(3, 63), BOUNDED),
        case("up to coefficient 255", progressive(2, 255), BOUNDED),
        case("approximated by 13 bits", progressive(1, 0x0D), BOUNDED),
        case("refined before it is there", progressive(1, 0x10), BOUNDED),
        case("refined by two bits at once", progressive(1, 0x31), BOUNDED),
        case("a progressive file of one scan", one_scan_of_many(), BOUNDED),
        case("the same scan 90 times", same_scan_again(), BOUNDED),
    ]
}

fn one_scan_of_many() -> Vec<u8> {
    let mut jpeg = Jpeg::progressive();
    let first = jpeg.position(SOS);
    jpeg.segments.truncate(first + 1);
    jpeg.file()
}

fn same_scan_again() -> Vec<u8> {
    let mut jpeg = Jpeg::progressive();
    assert!(jpeg.position(SOF2) < jpeg.position(SOS));
    let scan = jpeg.first(SOS).clone();
    jpeg.segments.extend(vec![scan; 80]);
    jpeg.file()
}

fn restarts() -> Vec<Case> {
    let every = |interval: u16| photo().led_by([Segment::new(DRI, interval.to_be_bytes())]);
    let marked =
        crate::jpeg_file::encoded(&crate::bytes::photo(320, 240), |encoder| encoder.set_restart_interval(4));
    let markers: Vec<usize> = (0..marked.len() - 1)
        .filter(|&at| marked[at] == 0xFF && (0xD0..=0xD7).contains(&marked[at + 1]))
        .collect();
    let swapped = {
        let mut file = marked.clone();
        file.swap(markers[3] + 1, markers[4] + 1);
        file
    };
    let missing = {
        let mut file = marked.clone();
        file.drain(markers[5]..markers[5] + 2);
        file
    };
    vec![
        case("with restart markers", marked.clone(), WHOLE),
        case("an interval larger than the picture", every(60_000), WHOLE),
        case("an interval of one, and no markers", every(1), BOUNDED),
        case("an interval of nothing", every(0), WHOLE),
        case("an interval that is cut", photo().led_by([Segment::new(DRI, [0])]), BOUNDED),
        case("an interval with more behind", photo().led_by([Segment::new(DRI, [0; 900])]), BOUNDED),
        case("restart markers out of order", swapped, BOUNDED),
        case("a restart marker less", missing, BOUNDED),
        case("restart markers between segments", restart_between_segments(), BOUNDED),
    ]
}

fn restart_between_segments() -> Vec<u8> {
    let file = photo().file();
    [&file[..2], &[0xFF, 0xD3].repeat(500), &file[2..]].concat()
}

fn lengths() -> Vec<Case> {
    let file = photo().file();
    let with_length = |length: [u8; 2]| [&file[..2], &[0xFF, 0xEF], &length, &file[2..]].concat();
    vec![
        case("a segment of length 0", with_length([0, 0]), DAMAGED),
        case("a segment of length 1", with_length([0, 1]), DAMAGED),
        case(
            "a segment longer than the file",
            [&b"\xFF\xD8\xFF\xEF\xFF\xFF"[..], &[0; 99]].concat(),
            DAMAGED,
        ),
        case("start and end alone", &b"\xFF\xD8\xFF\xD9"[..], DAMAGED),
        case("a start and a marker that never comes", &b"\xFF\xD8\xFF\xFF\xFF\xFF"[..], DAMAGED),
    ]
}

#[tokio::test]
async fn invalid_tables_are_refused_or_survived() {
    run_recorded("jpeg-tables", tables()).await;
}

#[tokio::test]
async fn invalid_scans_are_refused_or_survived() {
    run_recorded("jpeg-scans", scans()).await;
}

#[tokio::test]
async fn invalid_restart_markers_are_refused_or_survived() {
    run_recorded("jpeg-restarts", restarts()).await;
}

#[tokio::test]
async fn false_lengths_are_refused() {
    run(lengths()).await;
}
