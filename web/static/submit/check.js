import { soon } from "./soon.js";

/** For files that come from somewhere else when they are read; what can't be told of them here, the server tells. */
const PATIENCE_MS = 1000;

/** Beginnings of the files that the server reads; null stands for any byte. */
const KINDS = [
  [0xff, 0xd8, 0xff],
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  [..."GIF8"].map((letter) => letter.charCodeAt(0)),
  [..."RIFF____WEBP"].map((letter) => (letter === "_" ? null : letter.charCodeAt(0))),
];

/** Brands of AVIF, and of HEIF, which may hold either kind of picture (ISO/IEC 23008-12), in the first box. */
const AVIF = /^.{4}ftyp(.{4})*(avif|avis)/s;
const HEIC = /^.{4}ftyp(.{4})*(heic|heix|heim|heis|hevc|hevx)/s;
const HEIF = /^.{4}ftyp(.{4})*(mif1|mif2|msf1)/s;

/**
 * Why the server would not take a file, as far as that can be told from its length and its first bytes; empty where it
 * may. `words` are the server's own.
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
