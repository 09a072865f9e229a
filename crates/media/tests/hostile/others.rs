//! Files that aren't supported pictures, whatever their names.

use pawdium_media::Refusal;

use crate::{
    case::{Case, case, run},
    expected::{Expected, NOT_A_PICTURE, UNSUPPORTED},
};

fn box_of(brands: &[u8]) -> Vec<u8> {
    let length = u32::try_from(brands.len() + 8).expect("is short");
    [&length.to_be_bytes()[..], b"ftyp", brands, &[0; 200]].concat()
}

/// The box that describes the tracks of a video.
fn film() -> Vec<u8> {
    [&b"\0\0\0\xD0moov"[..], &[0; 200]].concat()
}

fn other_pictures() -> Vec<Case> {
    let heif = || Expected::Refused(Refusal::Heif);
    let ihdr = crate::png_file::Png::photo().file();
    vec![
        case("HEIC", box_of(b"heic\0\0\0\0mif1heic"), heif()),
        case("HEIC of a sequence", box_of(b"hevc\0\0\0\0heis"), heif()),
        case("HEIF", box_of(b"mif1\0\0\0\0heic"), heif()),
        case("AVIF of nothing but brands", box_of(b"avif\0\0\0\0avifmif1miaf"), crate::expected::DAMAGED),
        case("a film of AV1", [&box_of(b"avis\0\0\0\0")[..16], &film()].concat(), UNSUPPORTED),
        case("a film", box_of(b"isom\0\0\x02\0isomiso2avc1mp41"), NOT_A_PICTURE),
        case(
            "SVG",
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"[..],
            NOT_A_PICTURE,
        ),
        case(
            "SVG with entities",
            &b"<!DOCTYPE svg [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><svg>&a;</svg>"[..],
            NOT_A_PICTURE,
        ),
        case("TIFF, little-endian", [&b"II*\0\x08\0\0\0"[..], &[0; 99]].concat(), NOT_A_PICTURE),
        case("TIFF, big-endian", [&b"MM\0*\0\0\0\x08"[..], &[0; 99]].concat(), NOT_A_PICTURE),
        case("BMP", [&b"BM"[..], &[0; 99]].concat(), NOT_A_PICTURE),
        case("ICO of a PNG", [&[0, 0, 1, 0, 1, 0][..], &[0; 16], &ihdr].concat(), NOT_A_PICTURE),
        case("JPEG 2000", &b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\x14ftypjp2 "[..], NOT_A_PICTURE),
        case("JPEG XL", &b"\xFF\x0A\xFA\x1F\x01\x91\x08\x06\x01\0"[..], NOT_A_PICTURE),
        case("MNG", &b"\x8AMNG\r\n\x1a\n\0\0\0\x1CMHDR"[..], NOT_A_PICTURE),
        case("Photoshop", [&b"8BPS\0\x01"[..], &[0; 99]].concat(), NOT_A_PICTURE),
    ]
}

fn no_pictures() -> Vec<Case> {
    let png = crate::png_file::Png::photo().file();
    let jpeg = crate::jpeg_file::Jpeg::photo().file();
    vec![
        case("nothing", &b""[..], Expected::Refused(Refusal::Empty)),
        case("one byte", &b"\xFF"[..], NOT_A_PICTURE),
        case("two bytes of a JPEG", &b"\xFF\xD8"[..], NOT_A_PICTURE),
        case("three bytes of a JPEG", &b"\xFF\xD8\xFF"[..], crate::expected::DAMAGED),
        case("seven bytes of a PNG", &b"\x89PNG\r\n\x1a"[..], NOT_A_PICTURE),
        case("PDF", &b"%PDF-1.7\n1 0 obj\n<< /OpenAction << /S /JavaScript >> >>"[..], NOT_A_PICTURE),
        case("PDF with a JPEG", [&b"%PDF-1.7\nstream\n"[..], &jpeg].concat(), NOT_A_PICTURE),
        case("PostScript", &b"%!PS-Adobe-3.0\n(%pipe%id) (w) file"[..], NOT_A_PICTURE),
        case(
            "commands of ImageMagick",
            &b"push graphic-context\nfill 'url(https://127.0.0.1/|id)'"[..],
            NOT_A_PICTURE,
        ),
        case("HTML", &b"<!doctype html><title>picture.jpg</title>"[..], NOT_A_PICTURE),
        case("ZIP", [&b"PK\x03\x04"[..], &[0; 99]].concat(), NOT_A_PICTURE),
        case(
            "gzip of a PNG",
            [&b"\x1F\x8B\x08\0\0\0\0\0\0\x03"[..], &crate::bytes::zlib(&png)].concat(),
            NOT_A_PICTURE,
        ),
        case("a program", [&b"\x7FELF\x02\x01\x01"[..], &[0; 99]].concat(), NOT_A_PICTURE),
        case("a shell script", &b"#!/bin/sh\nreboot\n"[..], NOT_A_PICTURE),
        case("a PNG behind a blank", [&b" "[..], &png].concat(), NOT_A_PICTURE),
        case("a PNG in base64", &b"data:image/png;base64,iVBORw0KGgo="[..], NOT_A_PICTURE),
        case("a PNG with a JPEG's first bytes", [&jpeg[..8], &png[8..]].concat(), crate::expected::DAMAGED),
        case("a JPEG with a PNG's first bytes", [&png[..8], &jpeg[8..]].concat(), crate::expected::DAMAGED),
        case("a megabyte of zeros", vec![0; 1_000_000], NOT_A_PICTURE),
        case("a megabyte of noise", crate::bytes::Random::seeded(1).bytes(1_000_000), NOT_A_PICTURE),
    ]
}

#[tokio::test]
async fn other_picture_formats_are_refused_with_advice() {
    run(other_pictures()).await;
}

#[tokio::test]
async fn other_files_are_refused() {
    run(no_pictures()).await;
}
