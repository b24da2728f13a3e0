import vue from "@vitejs/plugin-vue";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = fileURLToPath(new URL("./src", import.meta.url));
const server = process.env["YUNTIAO_DEV_SERVER"] ?? "http://127.0.0.1:8080";

export default defineConfig(({ mode }) => ({
  plugins: [vue()],
  resolve: { alias: { "@": source } },
  define: {
    __GALLERY__: JSON.stringify(mode !== "production"),
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_I18N_LEGACY_API__: "false",
    __VUE_I18N_FULL_INSTALL__: "false",
    __INTLIFY_PROD_DEVTOOLS__: "false",
  },
  build: {
    target: ["chrome99", "edge99", "firefox98", "safari15.4"],
    outDir: mode === "gallery" ? "../build/gallery" : "dist",
    emptyOutDir: true,
    // The content security policy allows neither inline code nor data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What the first page needs comes in one piece: a browser opens six lines to a server, not nine.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "client", tags: ["$initial"] }] } } },
  },
  server: { proxy: { "/api": { target: server, ws: true } } },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    setupFiles: [],
    restoreMocks: true,
    isolate: false,
  },
}));
