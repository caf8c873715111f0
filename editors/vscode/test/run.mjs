// Bundles the tests of what needs no VS Code and runs them.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { buildSync } from "esbuild";

const tests = readdirSync("test").filter((f) => f.endsWith(".test.ts"));
buildSync({ entryPoints: tests.map((f) => `test/${f}`), bundle: true, platform: "node", target: "node20", format: "cjs", outdir: "dist/test", outExtension: { ".js": ".cjs" } });
const files = tests.map((f) => `dist/test/${f.replace(/\.ts$/, ".cjs")}`);
process.exit(spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1);
