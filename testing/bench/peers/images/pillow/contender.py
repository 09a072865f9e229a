"""Pillow as a contender: reads "source<TAB>folder<TAB>quality" lines, answers each with {"ms": …}.

The decoder scales by itself as far as it can (draft mode); the largest square is made from that, the others from it.
"""

import json
import sys
import time
from pathlib import Path

from PIL import Image, ImageOps

EDGES = (1080, 540, 160)

Image.preinit()


def render(source: str, folder: Path, quality: int) -> None:
    with Image.open(source) as picture:
        edges = [min(edge, *picture.size) for edge in EDGES]
        picture.draft("RGB", (edges[0], edges[0]))
        square = ImageOps.fit(picture, (edges[0], edges[0]), Image.Resampling.LANCZOS)
    square = ImageOps.exif_transpose(square)
    for name, edge in zip(EDGES, edges):
        if square.width != edge:
            square = square.resize((edge, edge), Image.Resampling.LANCZOS)
        square.save(folder / f"{name}.jpg", quality=quality, optimize=True, comment=b"")


print('{"ready":true}', flush=True)
for line in sys.stdin:
    source, folder, quality = line.rstrip("\n").split("\t")
    begin = time.perf_counter()
    try:
        render(source, Path(folder), int(quality))
        answer = {"ms": (time.perf_counter() - begin) * 1e3}
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
