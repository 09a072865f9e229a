// sharp as a contender: reads lines of "source<TAB>folder<TAB>quality" and answers each with {"ms": …}.
//
// The picture is decoded once to its largest square, from which the other two are made. Clones of one pipeline, as
// in sharp's documentation (--clones), decode the file again for each size.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';

const EDGES = [1080, 540, 160];

sharp.cache(false);
sharp.concurrency(1);

const square = (edge) => ({ width: edge, height: edge, fit: 'cover', position: 'centre', withoutEnlargement: true });

async function decodedOnce(source, folder, quality) {
  const upright = sharp(source).rotate();
  const { width, height } = (await upright.metadata()).autoOrient;
  const side = Math.min(width, height);
  const edges = EDGES.map((edge) => Math.min(edge, side));
  const largest = await upright.resize(square(edges[0])).raw().toBuffer({ resolveWithObject: true });
  const raw = { width: largest.info.width, height: largest.info.height, channels: largest.info.channels };
  await Promise.all(
    EDGES.map((edge, index) => {
      const picture = sharp(largest.data, { raw });
      const scaled = index === 0 ? picture : picture.resize(square(edges[index]));
      return scaled.jpeg({ quality }).toFile(join(folder, `${edge}.jpg`));
    }),
  );
}

async function cloned(source, folder, quality) {
  const upright = sharp(source).rotate();
  const { width, height } = (await upright.metadata()).autoOrient;
  const side = Math.min(width, height);
  await Promise.all(
    EDGES.map((edge) =>
      upright
        .clone()
        .resize(square(Math.min(edge, side)))
        .jpeg({ quality })
        .toFile(join(folder, `${edge}.jpg`)),
    ),
  );
}

const render = process.argv.includes('--clones') ? cloned : decodedOnce;
console.log('{"ready":true}');
for await (const line of createInterface({ input: process.stdin })) {
  const [source, folder, quality] = line.split('\t');
  const begin = performance.now();
  try {
    await render(source, folder, Number(quality));
    console.log(JSON.stringify({ ms: performance.now() - begin }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
