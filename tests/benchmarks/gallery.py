"""The gallery of the documentation, made from run folders: every problem solved as it is shipped, and its picture.

.venv/bin/python tests/benchmarks/gallery.py --write
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from report import RESULTS, origin

import pinnkit

SHOWN = {
    "burgers": "field_u.png",
    "wave": "field_u.png",
    "kovasznay": "field_u.png",
    "transport_2d": "field_u.png",
    "poisson_discs": "field_u.png",
    "plate_with_hole": "field_stress.png",
    "heat_sink": "field_T.png",
    "magnetostatics_two_materials": "field_A.png",
    "stl_potential": "field_u_volume.png",
    "nine_peaks": "field_u.png",
    "double_well": "curves.png",
    "michel_accretion": "curves.png",
    "oscillator": "curves.png",
}
"""Problems, and the picture of each run folder that is shown."""

DOCS = RESULTS.parent
WIDTH, COLOURS = 1000, 256

HEAD = """# Gallery

{origin}

Problems that are shipped, each solved by the command above its picture, with the config that its file names and seed 0.
`pinnkit list problems` has all of them.
"""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", nargs="*", default=list(SHOWN), choices=list(SHOWN))
    arguments.add_argument("--write", action="store_true", help="write docs/gallery.md and its pictures")
    given = arguments.parse_args()
    page = DOCS / "gallery.md"
    parts = known(page) if given.only != list(SHOWN) else {}
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only:
            run = Path(folder) / name
            subprocess.run([sys.executable, "-m", "pinnkit", "solve", name, "--quiet", "--out", str(run)], check=True)
            parts[name] = entry(name, run)
            if given.write:
                shrunk(run / "figures" / SHOWN[name], DOCS / "gallery" / f"{name}.png")
    text = "\n".join([HEAD.format(origin=origin()), *(parts[name] for name in SHOWN if name in parts)])
    if given.write:
        page.write_text(text, encoding="utf-8")


def known(page: Path) -> dict[str, str]:
    """The entries of a page that is there already, by problem."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    entries = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {found[1]: f"{own.rstrip()}\n" for own in entries if (found := re.search(r"`pinnkit solve (\w+)`", own))}


def entry(name: str, run: Path) -> str:
    """The title of a problem, its command, what came out, and the picture."""
    problem = pinnkit.load_problem(name)
    result = json.loads((run / "result.json").read_text(encoding="utf-8"))
    told = f"{result['verdict'].capitalize()}. {' '.join(result['reasons'])}"
    return (
        f"## {problem.title.rstrip('.')}\n\n`pinnkit solve {name}`, [its file](../problems/{name}.yaml). {told}\n\n"
        f"![{name}](gallery/{name}.png)\n"
    )


def shrunk(picture: Path, target: Path) -> None:
    """A copy of a picture that a page loads quickly."""
    target.parent.mkdir(exist_ok=True)
    with Image.open(picture) as whole:
        small = whole.convert("RGB")
        if small.width > WIDTH:
            small = small.resize((WIDTH, round(small.height * WIDTH / small.width)), Image.Resampling.LANCZOS)
        small.quantize(COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    main()
