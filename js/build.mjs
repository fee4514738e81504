// Bundles src/index.ts and src/styles.css into the Python package, as src/specwidget/static/widget.{js,css}.
// The output depends on nothing but the sources and the lock file. `--watch` rebuilds at every change.
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const watch = process.argv.includes("--watch");

const options = {
  absWorkingDir: here("."),
  entryPoints: { widget: "src/index.ts" },
  outdir: here("../src/specwidget/static"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !watch,
  sourcemap: watch ? "inline" : false,
  legalComments: "none",
  logLevel: "info",
};
const styles = { ...options, entryPoints: { widget: "src/styles.css" }, sourcemap: false };

if (watch) {
  for (const part of [options, styles]) await (await esbuild.context(part)).watch();
} else {
  await Promise.all([esbuild.build(options), esbuild.build(styles)]).catch((error) => {
    if (!error.errors) throw error;
    process.exitCode = 1; // esbuild has said what is wrong
  });
}
