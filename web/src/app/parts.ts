/** Makes the long-lived parts of the client once; everything else gets them by injection. */

import type { App } from "vue";
import type { Router } from "vue-router";
import { apiKey, createApi, newKey } from "./api";
import { clockKey, createServerClock } from "./clock";
import { textsKey, type Texts } from "./i18n";
import { useSession } from "./session";

/** Where people sign in, by the area they are in; they come back to the page they wanted. */
export function signInAddress(router: Router): { path: string; query: { next: string } } | null {
  const { meta, fullPath, path } = router.currentRoute.value;
  const signIn = meta.area === "staff" ? "/staff/sign-in" : "/sign-in";
  return path === signIn ? null : { path: signIn, query: { next: fullPath } };
}

export function provideParts(app: App, texts: Texts, router: Router): void {
  const clock = createServerClock();
  const api = createApi({
    fetch: (input, init) => fetch(input, init),
    clock,
    newKey,
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    isOnline: () => navigator.onLine,
    language: () => document.documentElement.lang,
    onSignedOut: () => {
      const wasKnown = app.runWithContext(() => {
        const session = useSession();
        const before = session.person !== null;
        session.forget();
        return before;
      });
      // Asking who is signed in may be answered with nobody; only a lost session leads to the sign-in.
      const address = wasKnown || router.currentRoute.value.meta.guarded === true ? signInAddress(router) : null;
      // Replaced, so that the way back does not lead into the same refusal again.
      if (address !== null) void router.replace(address);
    },
  });
  app.provide(textsKey, texts).provide(clockKey, clock).provide(apiKey, api);
}
