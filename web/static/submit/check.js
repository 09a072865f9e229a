import { soon } from "./soon.js";

/** The timeout for reading files that aren't local. Files that can't be checked here are checked by the server. */
const PATIENCE_MS = 1000;

/** The magic bytes of the formats that the server reads; null is any byte. */
const KINDS = [
  [0xff, 0xd8, 0xff],
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  [..."GIF8"].map((letter) => letter.charCodeAt(0)),
  [..."RIFF____WEBP"].map((letter) => (letter === "_" ? null : letter.charCodeAt(0))),
];

/** The brands of AVIF, and of HEIF, which may hold either kind of picture (ISO/IEC 23008-12), in the first box. */
const AVIF = /^.{4}ftyp(.{4})*(avif|avis)/s;
const HEIC = /^.{4}ftyp(.{4})*(heic|heix|heim|heis|hevc|hevx)/s;
const HEIF = /^.{4}ftyp(.{4})*(mif1|mif2|msf1)/s;

/**
 * Why the server would refuse a file, judging by its length and first bytes; empty if it may accept it. `words` are the
 * server's messages.
 */
export async function refusalOf(file, maxBytes, words) {
  if (file.size === 0) return words.empty;
  if (file.size > maxBytes) return words.tooLarge;
  let beginning;
  try {
    beginning = await soon(file.slice(0, 32).arrayBuffer(), PATIENCE_MS);
  } catch {
    return "The file can't be read any more. Choose it again.";
  }
  if (!beginning) return "";
  const head = new Uint8Array(beginning);
  if (KINDS.some((kind) => kind.every((byte, place) => byte === null || byte === head[place]))) return "";
  const brands = String.fromCharCode(...head);
  if (AVIF.test(brands)) return "";
  if (HEIC.test(brands)) return words.heif;
  return HEIF.test(brands) ? "" : words.noPicture;
}
