// Usage, in web/: node bundle.mjs ENTRY FOLDER. Bundles the test page with the real media client.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
const [entry, folder] = process.argv.slice(2);
const vite = createRequire(`${process.cwd()}/`).resolve("vite");
const { build } = await import(pathToFileURL(vite).href);
await build({
  configFile: false,
  root: process.cwd(),
  logLevel: "error",
  resolve: { alias: { "@": `${process.cwd()}/src` } },
  build: { outDir: folder, emptyOutDir: false, copyPublicDir: false, lib: { entry, formats: ["es"], fileName: () => "page.js" } },
});
