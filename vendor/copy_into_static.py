"""Copy what the browser needs from node_modules into the served folder.

In: vendor/node_modules, as `npm ci --ignore-scripts` left it. Out: files, their
licences, fonts.css and MANIFEST.json (version, sha384 of each file) under
src/evenkeel/web/ui/static/ui/vendor/, and the fonts of papers under
src/evenkeel/web/paper/fonts/. The result is committed, so Node is needed
only to refresh it: change package.json, `npm install --ignore-scripts`, then run
this file with any Python 3.11.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import struct
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
TARGET = HERE.parent / "src/evenkeel/web/ui/static/ui/vendor"
PAPER = HERE.parent / "src/evenkeel/web/paper/fonts"

SCRIPTS = {
    "htmx.org": ("dist/htmx.min.js",),
    "htmx-ext-sse": ("dist/sse.min.js",),
}
# package -> (CSS family, file stem, {weight: style name in the file})
FONTS = {
    "@ibm/plex-sans": (
        "IBM Plex Sans",
        "IBMPlexSans",
        {400: "Regular", 500: "Medium", 600: "SemiBold", 700: "Bold"},
    ),
    "@ibm/plex-sans-condensed": (
        "IBM Plex Sans Condensed",
        "IBMPlexSansCondensed",
        {400: "Regular", 500: "Medium", 600: "SemiBold"},
    ),
    "@ibm/plex-mono": ("IBM Plex Mono", "IBMPlexMono", {400: "Regular"}),
}
# Ranges as the packages' own CSS gives them: basic, extended, Vietnamese.
SUBSETS = {
    "Latin1": (
        "U+0000, U+000D, U+0020-007E, U+00A0-00FF, U+0131, U+0152-0153, U+02C6, U+02DA, "
        "U+02DC, U+2013-2014, U+2018-201A, U+201C-201E, U+2020-2022, U+2026, U+2030, "
        "U+2039-203A, U+2044, U+2074, U+20AC, U+2122, U+2212, U+FB01-FB02"
    ),
    "Latin2": (
        "U+0100-024F, U+0259, U+1E00-1EFF, U+20A0-20AB, U+20AD-20CF, U+2C60-2C7F, U+A720-A7FF"
    ),
    "Latin3": "U+0102-0103, U+1EA0-1EF9, U+20AB",
}


# package -> whole fonts for papers: the typesetter reads TTF, and the packages hold WOFF
PAPER_FONTS = {
    "@ibm/plex-sans": ("IBMPlexSans-Regular", "IBMPlexSans-SemiBold"),
    "@ibm/plex-mono": ("IBMPlexMono-Regular",),
}


def unwrapped(woff: bytes) -> bytes:
    """The font inside a WOFF 1.0 file, table by table as it was put in."""
    if woff[:4] != b"wOFF":
        raise SystemExit("not a WOFF 1.0 font")
    flavour, (count,) = woff[4:8], struct.unpack(">H", woff[12:14])
    power = count.bit_length() - 1
    head = flavour + struct.pack(">HHHH", count, 16 << power, power, 16 * (count - (1 << power)))
    body = b""
    for number in range(count):
        entry = woff[44 + 20 * number : 64 + 20 * number]
        tag, offset, packed, length, check = struct.unpack(">4sIIII", entry)
        table = woff[offset : offset + packed]
        table = zlib.decompress(table) if packed < length else table
        head += struct.pack(">4sIII", tag, check, 12 + 16 * count + len(body), length)
        body += table + bytes(-length % 4)
    return head + body


def paper_fonts() -> None:
    """The fonts of papers, with their licence and what each was."""
    manifest = {}
    for package, stems in PAPER_FONTS.items():
        files = {}
        for stem in stems:
            made = unwrapped((MODULES / package / f"fonts/complete/woff/{stem}.woff").read_bytes())
            (PAPER / f"{stem}.ttf").write_bytes(made)
            files[f"{stem}.ttf"] = hashlib.sha256(made).hexdigest()
        (PAPER / "OFL.txt").write_text(licence(package).read_text(encoding="utf-8"))
        manifest[package] = {"version": version(package), "files": files, "licence": "OFL.txt"}
    (PAPER / "MANIFEST.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def sha384(path: Path) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def version(package: str) -> str:
    return str(json.loads((MODULES / package / "package.json").read_text())["version"])


def licence(package: str) -> Path:
    found = sorted((MODULES / package).glob("LICENSE*"))
    if not found:
        raise SystemExit(f"{package} has no licence file: it may not be shipped.")
    return found[0]


def main() -> None:
    if TARGET.exists():
        shutil.rmtree(TARGET)
    (TARGET / "fonts").mkdir(parents=True)
    manifest: dict[str, dict[str, object]] = {}
    for package, files in SCRIPTS.items():
        copied = {}
        for name in files:
            path = TARGET / Path(name).name
            # A source map that is not shipped would break hashed static names.
            lines = (MODULES / package / name).read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if not line.startswith("//# sourceMappingURL")]
            path.write_text("\n".join(kept).rstrip() + "\n", encoding="utf-8")
            copied[path.name] = sha384(path)
        text = TARGET / f"{package}.LICENSE.txt"
        shutil.copyfile(licence(package), text)
        manifest[package] = {"version": version(package), "files": copied, "licence": text.name}
    css = ["/* Written by vendor/copy_into_static.py. IBM Plex, SIL OFL 1.1. */"]
    for package, (family, stem, weights) in FONTS.items():
        copied = {}
        for weight, style in weights.items():
            for subset in ("Latin3", "Latin2", "Latin1"):
                name = f"{stem}-{style}-{subset}.woff2"
                source = MODULES / package / "fonts/split/woff2" / name
                shutil.copyfile(source, TARGET / "fonts" / name)
                copied[f"fonts/{name}"] = sha384(source)
                css.append(
                    f'@font-face {{ font-family: "{family}"; font-weight: {weight}; '
                    f'font-display: swap; src: url("fonts/{name}") format("woff2"); '
                    f"unicode-range: {SUBSETS[subset]}; }}"
                )
        text = TARGET / "fonts" / f"{stem}.OFL.txt"
        shutil.copyfile(licence(package), text)
        manifest[package] = {
            "version": version(package),
            "files": copied,
            "licence": f"fonts/{text.name}",
        }
    (TARGET / "fonts.css").write_text("\n".join(css) + "\n", encoding="utf-8")
    (TARGET / "MANIFEST.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    paper_fonts()
    print(f"{sum(len(m['files']) for m in manifest.values())} files under {TARGET}")


if __name__ == "__main__":
    main()
