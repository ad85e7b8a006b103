"""Makes the pictures of this folder, and what `deepal_data::own` must see in them.

It was run with Pillow 13.0 and numpy 2.4; running it again gives the same pixels.

    pip install numpy pillow
    python make.py

kinds/        one picture of each kind of file
kinds.json    for each: height, width, channels, pixels `[h, w, c]` as Pillow decodes them, and how far others may be off
wide.png      a picture of 40 × 23 pixels
resized.json  for each rule and size its pixels by Pillow's BILINEAR
"""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).parent
KINDS = HERE / "kinds"
KINDS.mkdir(exist_ok=True)
CASES = []


def save(name, picture, tolerance=0, **options):
    path = KINDS / name
    picture.save(path, **options)
    seen = ImageOps.exif_transpose(Image.open(path))
    if seen.mode in ("P", "1", "CMYK"):
        has_alpha = "transparency" in seen.info
        seen = seen.convert("RGBA" if has_alpha else "L" if seen.mode == "1" else "RGB")
    # A palette is of colours, even if all are grey.
    if path.suffix == ".bmp":
        seen = seen.convert("RGB")
    pixels = np.asarray(seen).astype(np.int64)
    if seen.mode == "I;16":
        pixels = (pixels + 128) // 257
    if seen.mode in ("LA", "RGBA"):
        pixels = on_white(pixels)
    case(name, pixels, tolerance)


def on_white(pixels):
    """What is seen where a white page shines through."""
    colour, opacity = pixels[..., :-1], pixels[..., -1:]
    return np.floor((colour * opacity + 255 * (255 - opacity)) / 255 + 0.5).astype(np.int64)


def case(name, pixels, tolerance):
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    height, width, channels = pixels.shape
    CASES.append(
        {
            "name": name,
            "height": height,
            "width": width,
            "channels": channels,
            "tolerance": tolerance,
            "pixels": pixels.ravel().tolist(),
        }
    )


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png16(name, pixels):
    """A PNG of 16 bits and three channels, which Pillow does not write."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    (KINDS / name).write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    case(name, (pixels.astype(np.int64) + 128) // 257, 0)


H, W = 6, 9
y, x = np.mgrid[:H, :W]
colour = np.stack([x * 28 + y, y * 45 + 2 * x, 255 - 20 * x - 10 * y], axis=-1).clip(0, 255).astype(np.uint8)
grey = (x * 17 + y * 19).astype(np.uint8)
opacity = ((x + y) * 18).clip(0, 255).astype(np.uint8)
grey16 = (x * 5000 + y * 4000 + 77).astype(np.uint16)
RGB, L = Image.fromarray(colour), Image.fromarray(grey)
LA = Image.merge("LA", [L, Image.fromarray(opacity)])
RGBA = Image.merge("RGBA", [*RGB.split(), Image.fromarray(opacity)])
PALETTE = RGB.quantize(16)


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


save("colour.png", RGB)
save("grey.png", L)
save("grey-alpha.png", LA)
save("rgba.png", RGBA)
save("grey-16.png", Image.fromarray(grey16))
png16("colour-16.png", (colour.astype(np.uint16) * 211 + 3))
save("palette.png", PALETTE)
save("palette-transparent.png", PALETTE, transparency=3)
save("bilevel.png", L.point(lambda v: 255 * (v > 90), mode="1"))
save("colour.bmp", RGB)
save("grey.bmp", L)
save("colour.gif", PALETTE)
save("animation.gif", PALETTE, save_all=True, append_images=[RGB.rotate(180).quantize(16)])
save("colour.tiff", RGB)
save("packed.tif", RGB, compression="tiff_lzw")
save("grey.tif", L)
save("grey-16.tif", Image.fromarray(grey16))
save("lossless.webp", RGB, lossless=True)
save("rgba.webp", RGBA, lossless=True, exact=True)
save("lossy.webp", RGB, 2, quality=90)
save("colour.jpg", RGB, 2, quality=95, subsampling=0)
save("grey.jpeg", L, 2, quality=90)
save("progressive.jfif", RGB, 2, format="JPEG", quality=95, subsampling=0, progressive=True)
save("turned-6.jpg", RGB, 2, quality=95, subsampling=0, exif=turned(6))
save("turned-3.jpg", RGB, 2, quality=95, subsampling=0, exif=turned(3))
save("turned-6.png", RGB, exif=turned(6))
save("mirrored-5.webp", RGB, lossless=True, exif=turned(5))
(HERE / "kinds.json").write_text("[\n" + ",\n".join(map(json.dumps, CASES)) + "\n]\n")

# Resizing. Waves and noise, so that a shift of half a pixel would show.
height, width = 23, 40
y, x = np.mgrid[:height, :width]
rng = np.random.default_rng(5)
waves = [128 + 100 * np.sin(x / a + y / b) for a, b in [(5, 7), (9, 4), (6, 11)]]
wide = np.stack(waves, axis=-1) + rng.normal(0, 8, (height, width, 3))
WIDE = Image.fromarray(wide.clip(0, 255).astype(np.uint8))
WIDE.save(HERE / "wide.png")


def crop(picture, rows, columns):
    w, h = picture.size
    if w * rows > h * columns:
        cut = (max(int(h * columns / rows + 0.5), 1), h)
    else:
        cut = (w, max(int(w * rows / columns + 0.5), 1))
    left, top = (w - cut[0]) // 2, (h - cut[1]) // 2
    middle = picture.crop((left, top, left + cut[0], top + cut[1]))
    return middle.resize((columns, rows), Image.Resampling.BILINEAR)


def squash(picture, rows, columns):
    return picture.resize((columns, rows), Image.Resampling.BILINEAR)


def pad(picture, rows, columns):
    w, h = picture.size
    if w * rows > h * columns:
        fit = (columns, max(int(h * columns / w + 0.5), 1))
    else:
        fit = (max(int(w * rows / h + 0.5), 1), rows)
    page = Image.new("RGB", (columns, rows))
    page.paste(picture.resize(fit, Image.Resampling.BILINEAR), ((columns - fit[0]) // 2, (rows - fit[1]) // 2))
    return page


CASES.clear()
SIZES = [(8, 8), (12, 5), (5, 12), (26, 9), (1, 3), (40, 7)]
for rule in (crop, squash, pad):
    for size in SIZES:
        pixels = np.asarray(rule(WIDE, *size)).ravel().tolist()
        CASES.append({"resize": rule.__name__, "size": size, "pixels": pixels})
(HERE / "resized.json").write_text("[\n" + ",\n".join(map(json.dumps, CASES)) + "\n]\n")
