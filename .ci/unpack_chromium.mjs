// Unpacks the Chromium of @sparticuz/chromium, installed under the folder given, into that folder:
// the program itself, and the libraries and fonts that a bare machine lacks.
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const folder = process.argv[2];
const packed = join(folder, "node_modules", "@sparticuz", "chromium", "bin");

for (const name of readdirSync(packed)) {
  const target = join(folder, basename(name, ".br"));
  writeFileSync(target, brotliDecompressSync(readFileSync(join(packed, name))));
  if (target.endsWith(".tar")) {
    execFileSync("tar", ["-xf", target, "-C", folder]);
    rmSync(target);
  } else {
    chmodSync(target, 0o755);
  }
}

// The file that comes with it looks in the folders of another host.
writeFileSync(
  join(folder, "fonts.conf"),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`,
);
rmSync(join(folder, "node_modules"), { recursive: true });
