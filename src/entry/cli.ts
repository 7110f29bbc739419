#!/usr/bin/env node
// dist/cli.js: mpm. What is called again and again, by status lines and scripts, is a file each with all that it needs, as each
// file that is loaded costs its share of a start; the other verbs share theirs.

const [, , name] = process.argv;

if (name === "status") await import("./status.ts");
else if (name === "statusline") await import("./statusline.ts");
else await import("./mpm.ts");

export {};
