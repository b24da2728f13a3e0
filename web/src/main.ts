/** Starts the client. */

import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./App.vue";
import { createTexts } from "./app/i18n";
import { provideParts } from "./app/parts";
import { applyAppearance, darkSystem, readPreferences } from "./app/preferences";
import { createPages } from "./app/router";
import "./design/tokens.css";
import "./design/base.css";
import "./design/print.css";

const texts = createTexts(readPreferences().locale);
const router = createPages(texts);
const app = createApp(App).use(createPinia()).use(texts.plugin);

provideParts(app, texts, router);
app.use(router).mount("#app");

// Where the system's choice is followed, dusk may fall while a page is open.
darkSystem().addEventListener("change", () => {
  applyAppearance(readPreferences(), router.currentRoute.value.meta.area ?? "resident");
});
